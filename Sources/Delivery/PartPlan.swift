/// How a file is cut into parts: equal ones but for the last, always the same for a length, so that a later start goes
/// on with them.
struct PartPlan: Equatable {
    /// Of the file, in bytes.
    let length: Int64
    /// Of each part but the last, in bytes.
    let partBytes: Int64

    init(length: Int64) {
        self.length = length
        let least = (length + DeliveryLimits.partsMax - 1) / DeliveryLimits.partsMax
        let step = DeliveryLimits.partStepBytes
        partBytes = max(DeliveryLimits.partBytes, (least + step - 1) / step * step)
    }

    /// Whether it goes as a whole.
    var isSingle: Bool { length <= partBytes }

    var count: Int { Int((length + partBytes - 1) / partBytes) }

    /// Of a part, counted from 1.
    func offset(_ number: Int) -> Int64 { Int64(number - 1) * partBytes }

    func size(_ number: Int) -> Int64 { min(partBytes, length - offset(number)) }

    /// Whether parts that a bucket has are some of these.
    func fits(_ parts: [Int: (size: Int64, tag: String)]) -> Bool {
        parts.allSatisfy { (1...count).contains($0.key) && $0.value.size == size($0.key) }
    }
}
