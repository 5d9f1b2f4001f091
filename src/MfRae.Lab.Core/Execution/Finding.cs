namespace MfRae.Lab.Core.Execution;

/// <summary>What was found of a stage, and what is to be said about it.</summary>
/// <param name="Detail">What is damaged, or the message of the divergence.</param>
internal sealed record Finding(Found Found, string? Detail = null);
