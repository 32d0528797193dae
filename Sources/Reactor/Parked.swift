/// Whoever waits for long without a task: a task and its stack cost more memory than what they would wait with.
public protocol Parked: AnyObject {
    /// The watch has something to tell; runs in a new task of the loop.
    func resume(on loop: isolated EventLoop) async
}
