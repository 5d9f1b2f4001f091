using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Derivatives;
using MfRae.Lab.Learning.Tests.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

/// <summary>A step in parts, and with recomputation of activations, equals the step of the whole batch up to the order of summation.</summary>
[Scoped]
public sealed class MicroBatchTests : IDisposable
{
    private const int Steps = 10;
    private const string CentralInOneBatch = """{"kind":"centralDifference","batching":"concatenated","sharedDropout":false}""";

    private static readonly PlainDitOptions Plain = new(1, 16, 2, 2, 2);
    private static readonly TrainingOptions Training = new(Steps, TinyLatents.Batch, LearningRate: 1e-3, Ema: 0.9);

    private readonly TemporaryFolder _folder = new();

    // The pixels of images are float32.
    private const string Reconstruct = "reconstruction";

    public static TheoryData<string> Objectives => [.. Recipes.Keys];

    public static TheoryData<string> InFloat64 => [.. Recipes.Keys.Where(name => name != Reconstruct)];

    public static TheoryData<string, int, bool> Parts
    {
        get
        {
            var parts = new TheoryData<string, int, bool>();
            foreach (var name in Recipes.Keys.Where(name => name != Reconstruct))
            {
                foreach (var (samples, recompute) in new[] { (0, true), (1, false), (5, false), (5, true), (16, false) })
                    parts.Add(name, samples, recompute);
            }
            return parts;
        }
    }

    internal static readonly Dictionary<string, Func<ScalarType, (WeightSpec Spec, IObjective Objective)>> Recipes = All();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Parts))]
    public void The_gradient_and_the_values_of_a_step_are_those_of_the_whole_batch(string name, int samples, bool recompute)
    {
        var whole = Step(name, ScalarType.Float64, 3, 0, recompute: false);
        var parts = Step(name, ScalarType.Float64, 3, samples, recompute);

        // Float64 has a relative rounding error of 1e-16. A difference quotient divides it by its distance, 5e-3.
        Distance(parts.Gradient, whole.Gradient).Should().BeLessThan(1e-12);
        parts.Values.Keys.Should().Equal(whole.Values.Keys);
        foreach (var (series, value) in whole.Values)
            parts.Values[series].Should().BeApproximately(value, 1e-12 * Math.Max(1, Math.Abs(value)), series);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void In_float32_they_differ_by_rounding(string name)
    {
        var whole = Step(name, ScalarType.Float32, 0, 0, recompute: false);
        var parts = Step(name, ScalarType.Float32, 0, 5, recompute: true);

        // A difference quotient divides rounding errors by its distance, 5e-3, and an absolute error has a gradient of either sign where it is zero.
        // Guidance inside a target multiplies rounding errors by its scale.
        var tolerance = name.Contains("Difference", StringComparison.Ordinal) || name == Reconstruct ? 1e-4
            : Family.All(TinyLatents.Sizes, Training).ContainsKey(name) ? 1e-5 : 1e-6;
        Distance(parts.Gradient, whole.Gradient).Should().BeLessThan(tolerance);
        parts.Values.Keys.Should().Equal(whole.Values.Keys);
        foreach (var (series, value) in whole.Values)
            parts.Values[series].Should().BeApproximately(value, tolerance * Math.Abs(value), series);
    }

    [Theory]
    [MemberData(nameof(InFloat64))]
    public void Ten_steps_lead_to_the_same_weights_and_curves(string name)
    {
        var whole = Train(name, new TestStage(_folder.File("whole")));
        var parts = Train(name, new TestStage(_folder.File("parts")) { MicroBatch = 3, Recompute = true });

        Distance(parts.Weights, whole.Weights).Should().BeLessThan(1e-12);
        foreach (var (part, all) in parts.Curves.Zip(whole.Curves))
        {
            part.Values.Keys.Should().BeEquivalentTo(all.Values.Keys);
            foreach (var (series, value) in all.Values)
                part.Values[series].Should().BeApproximately(value!.Value, 1e-9 * Math.Max(1, Math.Abs(value.Value)), series);
        }
    }

    [Fact]
    public void Without_the_settings_a_step_has_the_bits_of_the_objective()
    {
        foreach (var (_, recipe) in Recipes)
        {
            var (spec, objective) = recipe(ScalarType.Float32);
            using var weights = Perturbed(spec, ScalarType.Float32);
            weights.Train();
            objective.Evaluate(weights, 2).Loss.backward();
            var direct = weights.Gradient!.clone();
            new StepGradient(objective, weights, new TestStage(_folder.File("bits")).Context()).Compute(2, unweighted: true);
            (weights.Gradient == direct).all().item<bool>().Should().BeTrue();
        }
    }

    [Theory]
    [InlineData(64, 16)]
    [InlineData(64, 64)]
    [InlineData(64, 100)]
    [InlineData(64, 5)]
    [InlineData(7, 3)]
    [InlineData(1, 1)]
    public void Parts_cover_the_batch_in_order_and_have_almost_one_size(int batch, int largest)
    {
        var parts = new DividedBatch(batch, _ => throw new InvalidOperationException()).Parts(largest).ToList();
        parts.SelectMany(part => Enumerable.Range((int)part.Start, (int)part.Samples)).Should().Equal(Enumerable.Range(0, batch));
        parts.Max(part => part.Samples).Should().BeLessThanOrEqualTo(largest);
        (parts.Max(part => part.Samples) - parts.Min(part => part.Samples)).Should().BeLessThanOrEqualTo(1);
        parts.Should().HaveCount((batch + largest - 1) / largest);
    }

    [Fact]
    public void Means_of_a_kind_that_a_part_lacks_are_those_of_the_batch()
    {
        static CurveScalar Mean(double value, double weight) => new("mean", tensor(value)) { Weight = tensor(weight) };
        CurveScalar.Combine([(Mean(0, 0), 0.5), (Mean(3, 2), 0.5)]).item<double>().Should().Be(3);
        CurveScalar.Combine([(Mean(0, 0), 0.5), (Mean(0, 0), 0.5)]).item<double>().Should().Be(0);
        CurveScalar.Combine([(Mean(1, 3), 0.5), (Mean(5, 1), 0.5)]).item<double>().Should().Be(2);
        CurveScalar.Combine([(("plain", tensor(1.0)), 0.25), (("plain", tensor(5.0)), 0.75)]).item<double>().Should().Be(4);
    }

    [Fact]
    public void The_journal_has_the_parts_of_a_batch_unless_it_is_evaluated_whole()
    {
        TestStage whole = new(_folder.File("whole")), parts = new(_folder.File("parts")) { MicroBatch = 4 }, again = new(_folder.File("again")) { Recompute = true };
        foreach (var stage in new[] { whole, parts, again })
            Train("flow matching", stage);

        whole.Events.OfType<MicroBatchEvent>().Should().BeEmpty();
        parts.Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(4, false));
        again.Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(null, true));
    }

    [Fact]
    public void A_loss_that_compares_samples_needs_the_whole_batch_and_says_so_once()
    {
        var stage = new TestStage(_folder.File("contrastive")) { MicroBatch = 4 };
        var encoder = new VitEncoder(new VitOptions(24, 1, 2));
        using var objective = new ContrastiveObjective(
            new(encoder.Options, new AugmentationOptions(), new(3, 8)), encoder, Images(), new RandomSource(0, CPU), CPU);
        using var weights = Weights.Initialise(objective.Declare(), new RandomSource(0, CPU), CPU);
        using var average = new Trainer(new(3, 8), stage.Context()).Run(objective.Declare(), weights, objective);

        stage.Events.OfType<NoticeEvent>().Should().ContainSingle().Which.Text.Should().Contain("without micro-batches");
    }

    private static Dictionary<string, Func<ScalarType, (WeightSpec, IObjective)>> All()
    {
        var recipes = new Dictionary<string, Func<ScalarType, (WeightSpec, IObjective)>>
        {
            ["flow matching"] = _ =>
            {
                var network = TinyLatents.Network(interval: false, 1).Network;
                return (network.Declare(), new FlowMatchingObjective(
                    new(TinyLatents.Sizes, new UniformTimeOptions(), Training, LabelDropout: 0.3), network, TinyLatents.Batches()));
            },
            ["flow matching by a plain DiT"] = _ =>
            {
                var network = new PlainDit(Plain, TinyLatents.Network(interval: false, 1).Network.Shape, 3, interval: false);
                return (network.Declare(), new FlowMatchingObjective(
                    new(Plain, new UniformTimeOptions(), Training, LabelDropout: 0.3), network, TinyLatents.Batches()));
            },
            ["MeanFlow by a plain DiT"] = type =>
            {
                var network = new PlainDit(Plain, TinyLatents.Network(interval: false, 1).Network.Shape, 3, interval: true);
                return (network.Declare(), new MeanFlowObjective(
                    new LambdaMeanFlowOptions(0.7, Plain, new UniformTimeOptions(), new JvpOptions(), new AdaptiveLossWeightOptions(), Training, EqualFraction: 0.5, LabelDropout: 0.3),
                    network, TinyLatents.Teacher(2, type), TinyLatents.Batches()));
            },
            ["pairs of one trajectory"] = type => Cmt(new(Training, 6, 16, LabelDropout: 0.3), type),
            ["pairs of guided trajectories"] = type => Cmt(new(Training, 4, 2, LabelDropout: 0.3, Guidance: new(2)), type),
            [Reconstruct] = Reconstruction,
            ["MeanFlow with the plain loss"] = type => MeanFlow(new JvpOptions(), new PlainLossWeightOptions(), new UniformTimeOptions(), type),
            ["MeanFlow with weights of times"] = type => MeanFlow(
                new JvpOptions(), new AdaptiveLossWeightOptions(), new UniformTimeOptions(Reweight: UniformTimeOptions.ToUniform, Shift: 2), type),
        };
        foreach (var (name, options) in Family.All(TinyLatents.Sizes, Training))
        {
            recipes[name] = type =>
            {
                var network = TinyLatents.Network(interval: true, 1).Network;
                return (network.Declare(), new MeanFlowObjective(options, network, TinyLatents.Teacher(2, type), TinyLatents.Batches()));
            };
        }
        foreach (var file in Estimators.Files().Select(row => row.Data).Append(CentralInOneBatch))
        {
            recipes["MeanFlow by " + file] = type => MeanFlow(
                Estimators.Read(file), new AdaptiveLossWeightOptions(), new UniformTimeOptions(), type);
        }
        return recipes;
    }

    private static (WeightSpec, IObjective) Cmt(TrajectoryCmtOptions options, ScalarType type)
    {
        var network = TinyLatents.Network(interval: true, 1).Network;
        return (network.Declare(), new CmtObjective(options, network, TinyLatents.Teacher(2, type), TinyLatents.Batches()));
    }

    private static (WeightSpec, IObjective) MeanFlow(
        DerivativeOptions derivative, LossWeightOptions weight, TimeSamplerOptions times, ScalarType type)
    {
        var network = TinyLatents.Network(interval: true, 1).Network;
        var options = new LambdaMeanFlowOptions(
            0.7, TinyLatents.Sizes, times, derivative, weight, Training, EqualFraction: 0.5, LabelDropout: 0.3);
        return (network.Declare(), new MeanFlowObjective(options, network, TinyLatents.Teacher(2, type), TinyLatents.Batches()));
    }

    private static (WeightSpec, IObjective) Reconstruction(ScalarType type)
    {
        var encoder = new VitEncoder(new VitOptions(24, 1, 2));
        var decoder = new RaeDecoder(new DecoderNetworkOptions(16, 1, 2, Channels: 2), encoder.Shape);
        var weights = Weights.Initialise(encoder.Declare(), new RandomSource(0, CPU), CPU, type);
        return (decoder.Declare(), new ReconstructionObjective(
            new(decoder.Options, Training), decoder, encoder, weights, Images(), new RandomSource(0, CPU), CPU));
    }

    private static LabeledImages Images() => new(
        new RandomSource(0, CPU).Integers("images", 0, 256, 24, 1, 28, 28).to(uint8), arange(24, dtype: ScalarType.Int64).remainder(3));

    internal static Weights Perturbed(WeightSpec spec, ScalarType type)
    {
        var weights = Weights.Initialise(spec, new RandomSource(1, CPU), CPU, type);
        using var quiet = no_grad();
        weights.Flat.add_(new RandomSource(1, CPU).Normal("perturb", 0, weights.Flat.shape) * 0.1);
        return weights;
    }

    private (Tensor Gradient, SortedDictionary<string, double> Values) Step(string name, ScalarType type, long step, int samples, bool recompute)
    {
        var (spec, objective) = Recipes[name](type);
        using var weights = Perturbed(spec, type);
        weights.Train();
        var stage = new TestStage(_folder.File("step")) { MicroBatch = samples, Recompute = recompute };
        var value = new StepGradient(objective, weights, stage.Context()).Compute(step, unweighted: true);
        var values = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["loss"] = value.Loss.to(float64).item<double>() };
        foreach (var (series, scalar) in value.Series)
            values[series] = scalar.to(float64).item<double>();
        if (value.UnweightedNorm is { } norm)
            values["norm"] = norm.to(float64).item<double>();
        return (weights.Gradient!.clone(), values);
    }

    private static (Tensor Weights, List<MetricsEvent> Curves) Train(string name, TestStage stage)
    {
        var (spec, objective) = Recipes[name](ScalarType.Float64);
        using var weights = Perturbed(spec, ScalarType.Float64);
        using var average = new Trainer(Training, stage.Context()).Run(spec, weights, objective);
        return (weights.Flat.clone(), [.. stage.Events.OfType<MetricsEvent>()]);
    }

    private static double Distance(Tensor one, Tensor other) => ((one - other).norm() / other.norm()).to(float64).item<double>();
}
