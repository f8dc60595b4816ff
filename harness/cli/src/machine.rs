//! The machine a run was made on, as far as it tells.

use record::Machine;

/// Operating system, CPU model and cores.
pub(crate) fn describe() -> Machine {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu.unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
    }
}
