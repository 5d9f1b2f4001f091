using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Benchmarks;

/// <summary>The shipped ablation, and what its trainings report: what databases are filled with here.</summary>
internal static class Ablation
{
    private const string File = "experiments/ablation-lambda.json";

    public static readonly string[] Series =
        ["loss", "gradientNorm", "learningRate", "targetNorm", "velocityNorm", "weight", "equalLoss", "unequalLoss"];

    public static Experiment Experiment() => ExperimentReader.Read(File, [], Environment.CurrentDirectory).Experiment
        ?? throw new LabException($"{File} cannot be read: run this from the root of the checkout");

    public static Plan Plan() => Planner.Build(Experiment(), FileHash.In(Environment.CurrentDirectory));
}
