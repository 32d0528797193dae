/// What becomes of a file that is brought to a name which something has already.
public enum NameCollision: String, CaseIterable, Sendable {
    /// It gets a name with a number: `report (2).pdf`.
    case number
    /// It takes the other one's place, in one step.
    case replace
    /// It waits until the name is free.
    case refuse
}
