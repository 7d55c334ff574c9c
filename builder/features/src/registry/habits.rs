//! Where and when: devices, local time of day, weekends.

use super::entry::SHOPPING;
use super::{Family, Feature, Unit, share};
use crate::timeline::Device;
use crate::view::{Span, View};

const HABITS: Family = Family { name: "habits", owner: "web and app", purposes: SHOPPING };
const ORDER_DEVICE: &[&str] = &["silver_orders.device", "silver_orders.ordered_at"];
const EVENT_DEVICE: &[&str] = &["silver_events.platform", "silver_events.happened_at"];
const ANY_DEVICE: &[&str] =
    &["silver_events.platform", "silver_events.happened_at", "silver_orders.device", "silver_orders.ordered_at"];
const MOMENTS: &[&str] = &["silver_orders.ordered_at", "silver_events.happened_at", "silver_customers.market"];
const ORDER_MOMENTS: &[&str] = &["silver_orders.ordered_at", "silver_customers.market"];
const NO_ORDER: &str = "no order in the window";
const NO_ORDER_DEVICE: &str = "no order with a known device in the window";
const NO_SESSION_DEVICE: &str = "no session with a known device in the window";
const NO_MOMENT: &str = "neither an order nor a session in the window";

/// Night from 0, morning from 6, afternoon from 12, evening from 18.
const NIGHT: usize = 0;
const MORNING: usize = 1;
const AFTERNOON: usize = 2;
const EVENING: usize = 3;

fn orders_on(v: &View, device: Device) -> Option<f64> {
    let devices = &v.habits().order_devices;
    share(devices[device as usize], devices.iter().sum())
}

fn sessions_on(v: &View, device: Device) -> Option<f64> {
    let devices = &v.habits().session_devices;
    share(devices[device as usize], devices.iter().sum())
}

fn in_quarter(v: &View, quarter: usize) -> Option<f64> {
    share(v.habits().quarters[quarter], v.habits().moments)
}

const fn habit(
    name: &'static str,
    sources: &'static [&'static str],
    null: &'static str,
    compute: fn(&View) -> Option<f64>,
) -> Feature {
    Feature { family: HABITS, name, unit: Unit::Share, window: Span::Days365, sources, null, compute }
}

pub(super) const FEATURES: &[Feature] = &[
    habit("orders_ios_share_365d", ORDER_DEVICE, NO_ORDER_DEVICE, |v| orders_on(v, Device::Ios)),
    habit("orders_android_share_365d", ORDER_DEVICE, NO_ORDER_DEVICE, |v| orders_on(v, Device::Android)),
    habit("orders_web_share_365d", ORDER_DEVICE, NO_ORDER_DEVICE, |v| orders_on(v, Device::Web)),
    habit("orders_store_share_365d", ORDER_DEVICE, NO_ORDER_DEVICE, |v| orders_on(v, Device::Store)),
    habit("sessions_ios_share_365d", EVENT_DEVICE, NO_SESSION_DEVICE, |v| sessions_on(v, Device::Ios)),
    habit("sessions_android_share_365d", EVENT_DEVICE, NO_SESSION_DEVICE, |v| sessions_on(v, Device::Android)),
    habit("sessions_web_share_365d", EVENT_DEVICE, NO_SESSION_DEVICE, |v| sessions_on(v, Device::Web)),
    habit("night_share_365d", MOMENTS, NO_MOMENT, |v| in_quarter(v, NIGHT)),
    habit("morning_share_365d", MOMENTS, NO_MOMENT, |v| in_quarter(v, MORNING)),
    habit("afternoon_share_365d", MOMENTS, NO_MOMENT, |v| in_quarter(v, AFTERNOON)),
    habit("evening_share_365d", MOMENTS, NO_MOMENT, |v| in_quarter(v, EVENING)),
    habit("weekend_share_365d", MOMENTS, NO_MOMENT, |v| share(v.habits().weekend, v.habits().moments)),
    habit("order_evening_share_365d", ORDER_MOMENTS, NO_ORDER, |v| {
        share(v.habits().order_quarters[EVENING], v.habits().orders)
    }),
    habit("order_weekend_share_365d", ORDER_MOMENTS, NO_ORDER, |v| share(v.habits().order_weekend, v.habits().orders)),
    Feature {
        family: HABITS,
        name: "devices_365d",
        unit: Unit::Count,
        window: Span::Days365,
        sources: ANY_DEVICE,
        null: super::NEVER_NULL,
        compute: |v| {
            let h = v.habits();
            let used = h.order_devices.iter().zip(&h.session_devices).filter(|(o, s)| **o + **s > 0);
            Some(used.count() as f64)
        },
    },
];
