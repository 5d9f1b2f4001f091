namespace MfRae.Lab.Core.Planning;

/// <summary>A stage as `plan` lists it.</summary>
/// <param name="Cached">Whether it is complete already; else it would run.</param>
/// <param name="ShortKey">The first digits of its key.</param>
public sealed record PlanLine(bool Cached, string ShortKey, string Kind, string Label);
