/// One option, declared once: its flag, its variable, its key in the file, help, the table of docs/configuration.md,
/// the example file and what it may be set to all follow from here.
///
/// `Target` is what options are set in. A value is told as a text, wherever it comes from, and `apply` puts it where it
/// belongs, or throws an `OptionFault` that says what it takes instead.
public struct OptionDeclaration<Target: Sendable>: Sendable {
    /// How many values an option has.
    public enum Shape: Sendable {
        /// One.
        case one
        /// Any number: the flag may be repeated, the file has a list, the variable has commas between.
        case many
        /// Yes or no: `--name` and `--no-name`, `true` and `false`.
        case flag
    }

    /// The flag without its dashes, which is the key in the file: `max-size`.
    public let name: String
    /// How many values it has.
    public let shape: Shape
    /// What stands for a value in help: `bytes`; the choices, where only those are taken.
    public let valueName: String
    /// What is in force where nobody says anything, as it would be written; none where `Target` decides.
    public let defaults: [String]
    /// A value in the example file, where the defaults are none.
    public let example: String?
    /// What it does, for its user.
    public let help: String
    /// Whether its value is shown to nobody, and taken from the file and the environment only: everybody on the machine
    /// sees a command line.
    public let isSecret: Bool
    /// Whether a running server takes a new value over, by SIGHUP; otherwise that takes a restart.
    public let isLive: Bool
    let apply: @Sendable (inout Target, String) throws -> Void

    /// One value.
    ///
    /// - Parameter apply: sets a value; throws an `OptionFault` for one that is none.
    public static func one(
        _ name: String, _ valueName: String, default text: String? = nil, example: String? = nil,
        isSecret: Bool = false, isLive: Bool = false, help: String,
        apply: @escaping @Sendable (inout Target, String) throws -> Void
    ) -> OptionDeclaration {
        OptionDeclaration(
            name: name, shape: .one, valueName: valueName, defaults: text.map { [$0] } ?? [], example: example,
            help: help, isSecret: isSecret, isLive: isLive, apply: apply)
    }

    /// One of a few words.
    public static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, default value: Value, isLive: Bool = false, help: String,
        apply: @escaping @Sendable (inout Target, Value) -> Void
    ) -> OptionDeclaration where Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue)
        return OptionDeclaration(
            name: name, shape: .one, valueName: words.joined(separator: "|"), defaults: [value.rawValue], example: nil,
            help: help, isSecret: false, isLive: isLive
        ) { target, text in
            guard let value = Value(rawValue: text) else {
                throw OptionFault("takes \(words.joined(separator: ", ")), not '\(text)'")
            }
            apply(&target, value)
        }
    }

    /// On or off, by a word. The file may say `true` and `false`, which is what YAML makes of these words.
    public static func onOff(
        _ name: String, default isOn: Bool, isLive: Bool = false, help: String,
        apply: @escaping @Sendable (inout Target, Bool) -> Void
    ) -> OptionDeclaration {
        OptionDeclaration(
            name: name, shape: .one, valueName: "on|off", defaults: [isOn ? "on" : "off"], example: nil, help: help,
            isSecret: false, isLive: isLive
        ) { target, text in
            guard let value = OptionText.truth(text) else { throw OptionFault("takes on or off, not '\(text)'") }
            apply(&target, value)
        }
    }

    /// Yes or no, by `--name` and `--no-name`.
    public static func flag(
        _ name: String, default isSet: Bool, isLive: Bool = false, help: String,
        apply: @escaping @Sendable (inout Target, Bool) -> Void
    ) -> OptionDeclaration {
        OptionDeclaration(
            name: name, shape: .flag, valueName: "", defaults: [isSet ? "true" : "false"], example: nil, help: help,
            isSecret: false, isLive: isLive
        ) { target, text in
            guard let value = OptionText.truth(text) else { throw OptionFault("takes true or false, not '\(text)'") }
            apply(&target, value)
        }
    }

    /// Any number of values.
    ///
    /// - Parameter apply: adds one; called for each, in order.
    public static func many(
        _ name: String, _ valueName: String, defaults: [String] = [], example: String? = nil, isLive: Bool = false,
        help: String,
        apply: @escaping @Sendable (inout Target, String) throws -> Void
    ) -> OptionDeclaration {
        OptionDeclaration(
            name: name, shape: .many, valueName: valueName, defaults: defaults, example: example, help: help,
            isSecret: false, isLive: isLive, apply: apply)
    }

    /// The environment's variable: `SLUICE_MAX_SIZE`.
    public var variable: String {
        OptionText.variablePrefix + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// The flag: `--max-size`.
    public var flag: String { "--\(name)" }
}
