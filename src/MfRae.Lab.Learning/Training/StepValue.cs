using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>What one step of training tells.</summary>
/// <param name="GradientNorm">Of all parameters, before clipping: a scalar.</param>
public sealed record StepValue(ObjectiveValue Objective, Tensor GradientNorm, double LearningRate);
