namespace MfRae.Lab.Tracking.Care;

/// <summary>What checking a database found.</summary>
/// <param name="Schema">Version of its schema, or null where that could not be read.</param>
/// <param name="Newest">The version that this program knows.</param>
/// <param name="Problems">What is wrong, a sentence each; empty where all is well.</param>
public sealed record DatabaseHealth(long? Schema, long Newest, IReadOnlyList<string> Problems);
