//! A listener with a thread and a runtime, which end together.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::oneshot;

/// A server on 127.0.0.1 until it is dropped; connections end with it.
#[derive(Debug)]
pub(crate) struct Background {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Calls `connected` with every connection, on the server's thread.
    pub(crate) fn start<F, Fut>(name: &str, listener: TcpListener, connected: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(listener, connected, stopped))
            .expect("a thread can be started");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A listener on a port of 127.0.0.1 that nobody has.
pub(crate) fn any_port() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of 127.0.0.1 is free")
}

fn run<F, Fut>(listener: TcpListener, connected: F, mut stopped: oneshot::Receiver<()>)
where
    F: Fn(TcpStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("the listener is non-blocking");
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted
                        && let Ok(stream) = stream.into_std()
                    {
                        tokio::spawn(connected(stream));
                    }
                }
            }
        }
    });
}

impl Drop for Background {
    fn drop(&mut self) {
        // The thread ends by itself when the sender is gone.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails when a stand-in panicked, which has been printed.
            drop(thread.join());
        }
    }
}
