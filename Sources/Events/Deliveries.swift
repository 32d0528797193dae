internal import Reactor
internal import TLS

/// The deliveries of a loop. Confined to it.
final class Deliveries {
    let targets: [TargetDelivery]

    private init(_ targets: [TargetDelivery]) { self.targets = targets }

    /// Those of this loop; nil before it has any.
    static func of(_ loop: isolated EventLoop) -> Deliveries? {
        let found = loop.attached { Deliveries([]) }
        return found.targets.isEmpty ? nil : found
    }

    /// Makes them; to be called before anybody asks.
    static func make(_ parts: DeliveryParts, _ tls: TLSContext?, on loop: isolated EventLoop) -> Deliveries {
        loop.attached {
            Deliveries(parts.configuration.targets.indices.map { TargetDelivery($0, parts, tls) })
        }
    }
}
