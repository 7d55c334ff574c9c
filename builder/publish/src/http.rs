//! Requests to a platform's API: bounded in time, and tried again where that can help.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};

use crate::target::TargetError;

/// Tries of one request; the pauses between them double from half a second, four in all.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
const TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes of an answer that are shown of a failure.
const SHOWN: usize = 300;

pub(crate) fn client() -> Result<Client, TargetError> {
    let client = Client::builder().timeout(TIMEOUT).connect_timeout(Duration::from_secs(10)).build();
    client.map_err(|error| TargetError::Transport { what: "starting an HTTP client".to_owned(), source: error.into() })
}

/// Sends what `request` makes until it is answered with success or 404, or with something that another try cannot mend.
pub(crate) async fn send(what: &str, request: impl Fn() -> RequestBuilder) -> Result<Option<Response>, TargetError> {
    let mut pause = PAUSE;
    for tries_left in (0..TRIES).rev() {
        let failed = match request().send().await {
            Ok(answer) if answer.status().is_success() => return Ok(Some(answer)),
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => return Ok(None),
            Ok(answer) => {
                let status = answer.status();
                let mut detail = answer.text().await.unwrap_or_default();
                detail.truncate(detail.floor_char_boundary(SHOWN));
                let failed = TargetError::Status { what: what.to_owned(), status: status.as_u16(), detail };
                if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
                    return Err(failed);
                }
                failed
            }
            // The address may carry an account's id; what went wrong is enough.
            Err(error) => TargetError::Transport { what: what.to_owned(), source: error.without_url().into() },
        };
        if tries_left == 0 {
            return Err(failed);
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    unreachable!("the last try returns")
}

/// The bytes of an answer.
pub(crate) async fn body(what: &str, answer: Response) -> Result<Vec<u8>, TargetError> {
    let bytes = answer.bytes().await;
    let bytes = bytes.map_err(|e| TargetError::Transport { what: what.to_owned(), source: e.without_url().into() })?;
    Ok(bytes.to_vec())
}

/// An answer in JSON.
pub(crate) async fn json<T: serde::de::DeserializeOwned>(what: &str, answer: Response) -> Result<T, TargetError> {
    let bytes = body(what, answer).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| TargetError::Answer { what: what.to_owned(), detail: error.to_string() })
}
