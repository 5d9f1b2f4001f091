using System.Text.RegularExpressions;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Steps of MFD by the training loop: losses, gradient norms, and the parameters and their average after AdamW, clipping and EMA.
/// </summary>
internal sealed partial class TrainStepsCheck : IReferenceCheck
{
    private const double ParameterSingle = 1e-4;
    private const double ParameterDouble = 1e-7;
    private const double LossSingle = 1e-3;
    private const double LossDouble = 1e-9;

    public string Kind => "train_steps";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { float32, float64 })
            Train(manifest, type);
    }

    private static void Train(ReferenceManifest manifest, ScalarType type)
    {
        var hyper = manifest.Json.GetProperty("hyper");
        double Hyper(string name) => hyper.GetProperty(name).GetDouble();
        var betas = hyper.GetProperty("betas").EnumerateArray().Select(beta => beta.GetDouble()).ToArray();
        var training = new TrainingOptions(
            hyper.GetProperty("steps").GetInt32(), LearningRate: Hyper("lr"), Beta1: betas[0], Beta2: betas[1],
            WeightDecay: Hyper("weight_decay"), ClipNorm: Hyper("clip"), Ema: Hyper("ema_decay"), Epsilon: Hyper("eps"));
        var student = ReferenceNetwork.Load(manifest, "student_state", interval: true, type);
        var teacher = ReferenceNetwork.Load(manifest, "teacher_state", interval: false, type);
        var options = new LambdaMeanFlowOptions(
            1, student.Network.Options, new UniformTimeOptions(), new CentralDifferenceOptions(Hyper("delta"), ClampEnds: false),
            new ReleasedLossWeightOptions(Hyper("p")), training, LabelDropout: 0);
        var objective = new RolledBatches(
            new MeanFlowObjective(options, student.Network, teacher.Velocity, new GivenLatents(student.Network)), Inputs(manifest), type);

        using var folder = new TemporaryFolder();
        var stage = new TestStage(folder.Root) { LogEvery = 1 };
        using var average = new Trainer(training, stage.Context()).Run(student.Network.Declare(), student.Weights, objective);

        var points = stage.Events.OfType<MetricsEvent>().ToList();
        var steps = manifest.Json.GetProperty("per_step").EnumerateArray().ToList();
        points.Should().HaveSameCount(steps);
        var tolerance = type == float32 ? LossSingle : LossDouble;
        for (var k = 0; k < steps.Count; k++)
        {
            var (loss, norm) = (steps[k].GetProperty("loss_ref").GetDouble(), steps[k].GetProperty("grad_norm_before_clip").GetDouble());
            objective.MeanSquares[k].Should().BeApproximately(loss, loss * tolerance, "of step {0}", k);
            points[k].Values["gradientNorm"].Should().BeApproximately(norm, norm * tolerance, "of step {0}", k);
        }
        Compare(manifest, "param.", student.Weights, type);
        Compare(manifest, "ema.", average, type);
    }

    private static void Compare(ReferenceManifest manifest, string prefix, Weights weights, ScalarType type)
    {
        foreach (var name in manifest.Listed.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            manifest.Compare(
                name, weights[name[prefix.Length..name.LastIndexOf('.')]], type == float32 ? ParameterSingle : ParameterDouble);
        }
    }

    // "x1, noise, r, t, y from FILE; …"
    private static TensorFile Inputs(ReferenceManifest manifest) =>
        manifest.Beside(FileName().Match(manifest.Json.GetProperty("inputs").GetString()!).Value);

    [GeneratedRegex(@"\S+\.safetensors")]
    private static partial Regex FileName();

    /// <summary>One batch, whose times are moved on by one sample at every step.</summary>
    private sealed class RolledBatches(MeanFlowObjective objective, TensorFile inputs, ScalarType type) : IObjective
    {
        /// <summary>The mean squared error of each step.</summary>
        public List<double> MeanSquares { get; } = [];

        public ObjectiveValue Evaluate(Weights weights, long step)
        {
            Tensor Rolled(string name) => inputs[name].to(type).roll(step, 0);
            var y = inputs["y"];
            var batch = new MeanFlowBatch(inputs["x1"].to(type), inputs["noise"].to(type), Rolled("r"), Rolled("t"), y, y);
            using (no_grad())
                MeanSquares.Add(objective.Regress(weights, batch, 0).Difference.square().mean().to(float64).item<double>());
            return objective.Evaluate(weights, batch, step);
        }
    }
}
