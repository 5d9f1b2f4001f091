using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>One of the things that a training step computes.</summary>
/// <param name="What">In words, with the numbers that it is made of.</param>
/// <param name="Step">Multiply-adds of a step; where chance decides how many samples there are, of a step on average.</param>
public sealed record WorkProfile(string What, Products Step);
