import Foundation

/// Runs the target that `FUZZ_TARGET` names: under libFuzzer, which brings the main function, where it is built in;
/// else over the files given. `Tests/Fuzz/run` does both.
enum Fuzz {
    /// Read once; libFuzzer calls without a context.
    private static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"]
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            fatalError("FUZZ_TARGET is one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        }
        return target
    }()

    /// Returns if everything held.
    static func run(_ input: [UInt8]) { target.run(input) }
}

#if FUZZING
    @_cdecl("LLVMFuzzerTestOneInput")
    func runOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        Fuzz.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
#else
    @main enum Replay {
        static func main() {
            for path in CommandLine.arguments.dropFirst() {
                guard let bytes = FileManager.default.contents(atPath: path) else { fatalError("cannot read \(path)") }
                Fuzz.run(Array(bytes))
            }
        }
    }
#endif
