//! Between what the system says of files and [`Metadata`].

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Advice, FileType, Metadata, SetTime, SetTimes};
use rustix::fs::{Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use std::time::Duration;

pub(crate) fn metadata_of(stat: &Stat) -> Metadata {
    Metadata {
        device: stat.st_dev,
        inode: stat.st_ino,
        file_type: FileType::from(rustix::fs::FileType::from_raw_mode(stat.st_mode)),
        #[allow(clippy::useless_conversion, reason = "its width is the architecture's")]
        link_count: stat.st_nlink.into(),
        size: stat.st_size.try_into().unwrap_or(0),
        accessed: since_1970(stat.st_atime, stat.st_atime_nsec),
        modified: since_1970(stat.st_mtime, stat.st_mtime_nsec),
        changed: since_1970(stat.st_ctime, stat.st_ctime_nsec),
    }
}

/// What is before 1970 is shown as 1970.
fn since_1970(seconds: i64, nanoseconds: u64) -> Duration {
    match u64::try_from(seconds) {
        Ok(seconds) => Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds),
        Err(_) => Duration::ZERO,
    }
}

pub(super) fn timestamps_of(times: SetTimes) -> WasiResult<Timestamps> {
    Ok(Timestamps { last_access: timespec_of(times.accessed)?, last_modification: timespec_of(times.modified)? })
}

fn timespec_of(time: Option<SetTime>) -> WasiResult<Timespec> {
    Ok(match time {
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        Some(SetTime::Now) => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Some(SetTime::At(time)) => Timespec::try_from(time).map_err(|_| ErrorCode::Overflow)?,
    })
}

impl From<Advice> for rustix::fs::Advice {
    fn from(advice: Advice) -> rustix::fs::Advice {
        match advice {
            Advice::Normal => rustix::fs::Advice::Normal,
            Advice::Sequential => rustix::fs::Advice::Sequential,
            Advice::Random => rustix::fs::Advice::Random,
            Advice::WillNeed => rustix::fs::Advice::WillNeed,
            Advice::DontNeed => rustix::fs::Advice::DontNeed,
            Advice::NoReuse => rustix::fs::Advice::NoReuse,
        }
    }
}
