namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// The environment is not as needed: a missing or broken file, a locked store, a failed device. The message says what,
/// where, and what would be right.
/// </summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);
