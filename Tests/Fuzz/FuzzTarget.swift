/// Something that takes hostile bytes, with what must hold for all of them.
struct FuzzTarget: Sendable {
    /// Names the target, its corpus and its dictionary.
    let name: String
    /// Returns if everything held; else the process ends with a message.
    let run: @Sendable ([UInt8]) -> Void

    static let all = [
        FuzzTarget(name: "request", run: RequestProperties.check),
        FuzzTarget(name: "response", run: ResponseProperties.check),
        FuzzTarget(name: "chunked", run: ChunkedProperties.check),
        FuzzTarget(name: "multipart", run: MultipartProperties.check),
        FuzzTarget(name: "fields", run: FieldProperties.check),
        FuzzTarget(name: "tus", run: TusProperties.check),
        FuzzTarget(name: "ietf", run: IETFProperties.check),
        FuzzTarget(name: "decisions", run: DecisionProperties.check),
        FuzzTarget(name: "access", run: AccessProperties.check),
        FuzzTarget(name: "configuration", run: ConfigurationProperties.check),
        FuzzTarget(name: "connection", run: ConnectionProperties.check),
        FuzzTarget(name: "http2", run: HTTP2Properties.check),
        FuzzTarget(name: "planted", run: PlantedProperties.check),
    ]
}

/// Ends the process, which is how libFuzzer learns of a find, if something does not hold that must.
func require(
    _ holds: Bool, _ property: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !holds { fatalError(property(), file: file, line: line) }
}

/// The same for what must be there.
func required<T>(
    _ value: T?, _ property: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> T {
    guard let value else { fatalError(property(), file: file, line: line) }
    return value
}
