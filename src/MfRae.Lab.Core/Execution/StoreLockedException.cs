namespace MfRae.Lab.Core.Execution;

/// <summary>A live process of somebody else works on a stage that is needed, or holds the store or the database.</summary>
public sealed class StoreLockedException(string message) : Exception(message);
