using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Measures a mean-flow network against its distribution (docs/method.md §6), in float64 on the CPU.</summary>
internal sealed class OracleEvaluationRunner(OracleEvaluationStage stage) : IStage
{
    private const int GradientBatch = 32;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        if (stage.MeanFlow is not IMeanFlowTraining options)
            throw new LabException("the oracle metrics are defined for MeanFlow stages that train");
        var distribution = OracleFiles.Distribution(context);
        var flow = OracleDistributions.Flow(distribution, stage.Metric.Tolerance);
        // In many dimensions, the measures that need matrices are left out. The split of the loss is that of a target with a derivative.
        var modes = distribution as DiagonalModes;
        var splits = modes is null && options is LambdaMeanFlowOptions;
        var (network, weights) = Load(context, StageInput.Generator);
        var exact = context.HasInput(StageInput.Teacher) ? OracleFiles.Teacher(context) : null;
        using var networkWeights = weights;
        var (teacherNetwork, teacherWeights) =
            exact is null && context.HasInput(StageInput.Teacher) ? Load(context, StageInput.Teacher) : default;
        using var frozen = teacherWeights;
        VelocityField? velocity = teacherWeights is null ? null : (z, t, y) => teacherNetwork.Velocity(teacherWeights, z, t, y);
        var teacher = exact?.Field ?? velocity;
        var trained = new TrainedMeanFlow(
            distribution, options, teacher, exact is null ? null : exact.Bias, network, weights);
        // The stage and the set are part of the seed, so that the training of the same seed has other points.
        var random = new RandomSource(Seed.For(stage.Seed ?? context.Seed, "oracleEvaluation", stage.NoiseSet), CPU);
        // Both numbers of points are rounded up to whole batches.
        var batches = (stage.Samples + stage.BatchSize - 1) / stage.BatchSize;
        var gradients = splits ? (stage.Metric.GradientPoints + GradientBatch - 1) / GradientBatch : 0;

        var source = new OracleBatches(distribution, stage.BatchSize, random, CPU);
        var deviation = new DeviationMeasure(trained, flow, stage.Metric.Tolerance);
        var split = splits ? new SplitMeasure(trained, source) : null;
        var noise = new NoiseMeasure(flow, random, stage.Metric.Draws);
        for (var step = 0; step < batches; step++)
        {
            using (NewDisposeScope())
            {
                var points = OraclePoints.Draw(source, step);
                deviation.AddInterval(points);
                deviation.AddEndPoints(random.Normal("prior", step, stage.BatchSize, distribution.Dimension).to(float64), stage.Steps);
                if (modes is not null)
                {
                    noise.Add(points, modes, trained, step);
                }
                else
                {
                    var errors = TargetErrors.At(trained, points.Z, points.R, points.T);
                    split?.Add(points, errors);
                    noise.Add(points, errors, step);
                }
            }
            GC.Collect(0);
            context.Progress(step + 1, batches + gradients, "batch of points");
        }

        var gradient = new GradientMeasure(trained, random, stage.Metric.Draws);
        var few = new OracleBatches(distribution, GradientBatch, random, CPU);
        for (var step = 0; step < gradients; step++)
        {
            using (NewDisposeScope())
            {
                var points = OraclePoints.Draw(few, step);
                gradient.Add(points, TargetErrors.At(trained, points.Z, points.R, points.T), step);
            }
            GC.Collect(0);
            context.Progress(batches + step + 1, batches + gradients, "batch of points");
        }

        var identity = OracleFiles.Identity(context.Input(StageInput.Dataset));
        OracleValue[] matrices = split is null ? [] : [.. split.Values(), .. gradient.Values()];
        foreach (var value in (OracleValue[])[.. deviation.Values(), .. matrices, .. noise.Values()])
            context.Measured(OracleFiles.Identified(value, identity));
    }

    private static (GeneratorNetwork Network, Weights Weights) Load(StageContext context, string input) =>
        NetworkFiles.LoadGenerator(Path.Combine(context.Input(input), NetworkFiles.Generator), CPU, float64);
}

/// <summary>
/// The files of the stages of an oracle. They contain options, from which later stages make the distribution and the teacher.
/// </summary>
internal static class OracleFiles
{
    public const string DistributionFile = "distribution.json";
    public const string TeacherFile = "teacher.json";

    public static void Save(StageContext context, DistributionOptions options) => File.WriteAllText(
        context.File(DistributionFile), JsonSerializer.Serialize(options, LabJson.Default.DistributionOptions));

    public static void Save(StageContext context, TeacherBiasOptions options) => File.WriteAllText(
        context.File(TeacherFile), JsonSerializer.Serialize(options, LabJson.Default.TeacherBiasOptions));

    /// <summary>The distribution of the dataset input.</summary>
    public static IDistribution Distribution(StageContext context) => OracleDistributions.Create(JsonSerializer.Deserialize(
        File.ReadAllText(Path.Combine(context.Input(StageInput.Dataset), DistributionFile)), LabJson.Default.DistributionOptions)!);

    /// <summary>The identity of a distribution: the hash of its file in a folder.</summary>
    public static string Identity(string folder) => FileHash.Of(Path.Combine(folder, DistributionFile));

    public static OracleBatches Batches(StageContext context, int batchSize) =>
        new(Distribution(context), batchSize, context.Random(), context.Device());

    /// <summary>The teacher among the inputs if it is a closed form; null if it is a network.</summary>
    public static OracleTeacher? Teacher(StageContext context)
    {
        var path = Path.Combine(context.Input(StageInput.Teacher), TeacherFile);
        if (!File.Exists(path))
            return null;
        var bias = JsonSerializer.Deserialize(File.ReadAllText(path), LabJson.Default.TeacherBiasOptions)!;
        return new OracleTeacher(Distribution(context), bias);
    }

    /// <summary>A value with its identity.</summary>
    public static Measurement Identified(OracleValue value, string distribution) =>
        Measurement.OfOracle(value.Name, value.Value, value.Samples, value.Steps, distribution) with { Low = value.Low, High = value.High };
}
