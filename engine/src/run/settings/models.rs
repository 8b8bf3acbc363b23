//! Settings that rivals put in force under every schedule.

use super::Settings;
use crate::sync::checker::{check, spawn};
use crate::sync::{Arc, Published};

/// Numbers ascend, none is given twice, and whoever reads sees none after a greater one.
#[test]
fn numbers_of_settings_ascend() {
    check(300, || {
        let published = Arc::new(Published::new(Arc::new(Settings::default())));
        let setting = |number, hop_limit| {
            let published = Arc::clone(&published);
            let settings = Settings { hop_limit, ..Settings::default() };
            spawn(number, move || settings.replace(&published))
        };
        let setting = [setting(0, 5), setting(1, 6)];
        let reading = Arc::clone(&published);
        let reader = spawn(2, move || {
            let first = reading.load().number();
            assert!(first <= reading.load().number(), "a number after a greater one");
        });
        setting.into_iter().for_each(|thread| thread.join().unwrap());
        reader.join().unwrap();
        assert_eq!(published.load().number(), 2, "an update was lost");
    });
}
