//! The normal distribution, as far as a crowd needs it.

/// Share of a standard normal that lies below `z`; the error is below 2·10⁻⁷ (Abramowitz and
/// Stegun 26.2.17).
pub(super) fn below(z: f64) -> f64 {
    const TAIL: [f64; 5] =
        [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / 0.231_641_9_f64.mul_add(z.abs(), 1.0);
    let sum = TAIL.iter().rev().fold(0.0, |sum, part| (sum + part) * t);
    let above = density(z) * sum;
    if z >= 0.0 { 1.0 - above } else { above }
}

/// Density of a standard normal.
pub(super) fn density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The point with a share of `share` below it; the relative error is below 2·10⁻⁹ (Acklam's
/// rational approximation).
pub(super) fn quantile(share: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const TAIL: f64 = 0.024_25;
    if share <= 0.0 {
        f64::NEG_INFINITY
    } else if share >= 1.0 {
        f64::INFINITY
    } else if share < TAIL {
        let q = (-2.0 * share.ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    } else if share > 1.0 - TAIL {
        -quantile(1.0 - share)
    } else {
        let q = share - 0.5;
        let r = q * q;
        polynomial(&A, r) * q / polynomial(&B, r)
    }
}

/// The highest power first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, part| sum.mul_add(x, *part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (share, z) in
            [(0.5, 0.0), (0.95, 1.644_853_627), (0.975, 1.959_963_985), (0.001, -3.090_232_306)]
        {
            assert!((quantile(share) - z).abs() < 1e-7, "{share}: {}", quantile(share));
            assert!((below(z) - share).abs() < 2e-7, "{z}: {}", below(z));
        }
    }

    #[test]
    fn each_undoes_the_other_and_the_ends_are_infinite() {
        for step in 1..1000 {
            let share = f64::from(step) / 1000.0;
            assert!((below(quantile(share)) - share).abs() < 2e-7, "{share}");
        }
        assert!(quantile(0.0).is_infinite() && quantile(1.0).is_infinite());
    }
}
