//! Publishing as a whole: to a folder, and to the HTTP interfaces of S3, Fastly and Cloudflare as far as it uses them.

mod emulated;
mod going_back;
mod interrupted;
mod shop;
mod stores;
