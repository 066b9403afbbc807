//! `random_get`.

use super::exports;
use crate::area::{Area, One};
use crate::imports::random;
use crate::lists;
use crate::memory::{check, copy};

exports! {
    fn random_get(to: u32, length: u32) {
        check(to, length.into(), 1)?;
        let (mut to, mut left) = (to, length);
        while left > 0 {
            let mut count = left;
            let from = {
                let area = Area::<One>::beside(to, &mut count);
                lists::to(to, count);
                random::random_bytes(count.into(), area.at);
                area.u32(0)
            };
            if from != to {
                copy(from, to, count);
            }
            to += count;
            left -= count;
        }
        Ok(())
    }
}
