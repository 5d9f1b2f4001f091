using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>One network of an arm.</summary>
/// <param name="Name">encoder, decoder, teacher or generator.</param>
/// <param name="Network">What it is, in words.</param>
public sealed record ComponentProfile(string Name, string Network, NetworkCost Cost);
