using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <param name="Loss">The scalar that is minimised.</param>
/// <param name="Series">Further scalars, without gradient, under the names of their curves.</param>
public sealed record ObjectiveValue(Tensor Loss, params IReadOnlyList<(string Name, Tensor Value)> Series);
