/// Heads that need more than one frame.
enum HeadCuts {
    static func request(_ stream: UInt32, _ fields: [(String, String)]) -> [UInt8] {
        var rest = Frames.block(fields)[...]
        var frames: [UInt8] = []
        while true {
            let part = Array(rest.prefix(16_384))
            rest = rest.dropFirst(part.count)
            let type = frames.isEmpty ? Frames.headers : Frames.continuation
            frames += Frames.frame(type, rest.isEmpty ? Frames.endHeaders : 0, stream, part)
            if rest.isEmpty { return frames }
        }
    }
}
