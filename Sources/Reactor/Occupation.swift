/// What a task is at, for who has to name it where it does not come to its end.
public protocol Occupation: AnyObject {}
