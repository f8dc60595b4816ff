//! One file a verb.

pub(crate) mod adapter;
pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fuzz;
pub(crate) mod gate;
pub(crate) mod init;
pub(crate) mod judge;
pub(crate) mod known;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod merge;
pub(crate) mod promote;
pub(crate) mod report;
pub(crate) mod root;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod selftest;
pub(crate) mod serve;
pub(crate) mod verify;
