using MfRae.Lab.Core.Options;
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

/// <summary>Every objective, and MeanFlow with every estimator, through the trainer: a step begins with as many tensors as the one before.</summary>
[Scoped]
public sealed class LiveTensorTests : IDisposable
{
    private const int Steps = 5;

    private static readonly TrainingOptions Training = new(Steps, TinyLatents.Batch, Ema: 0.9);
    private static readonly RandomSource Random = new(0, CPU);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Objectives => [.. Recipes().Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Objectives))]
    public void No_tensor_outlives_its_step(string name) => Watch(name, microBatch: 0, recompute: false);

    [Theory]
    [MemberData(nameof(Objectives))]
    public void No_tensor_outlives_a_step_in_parts_with_recomputation(string name) => Watch(name, microBatch: 5, recompute: true);

    private void Watch(string name, int microBatch, bool recompute)
    {
        using var scope = NewDisposeScope();
        var (spec, objective) = Recipes()[name]();
        var counted = new Counted(objective);
        using var weights = Weights.Initialise(spec, Random, CPU);
        using (no_grad())
            weights.Flat.add_(Random.Normal("perturb", 0, weights.Flat.shape) * 0.1);
        using var average = new Trainer(Training, new TestStage(_folder.File("run")) { MicroBatch = microBatch, Recompute = recompute }.Context()).Run(spec, weights, counted);
        counted.LiveTensors.Should().HaveCountGreaterThanOrEqualTo(Steps);
        // State that an objective keeps between steps, such as the order of the data, exists after the first step. The first step of an
        // objective that cannot be divided asks twice.
        counted.LiveTensors.Skip(2).Distinct().Should().ContainSingle("no step leaves tensors to the next");
    }

    [Fact]
    public void No_objective_is_left_out()
    {
        using var scope = NewDisposeScope();
        var tested = Recipes().Values.Select(make => make().Objective.GetType()).Distinct();
        typeof(IObjective).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IObjective))).Should().BeEquivalentTo(tested);
    }

    private static Dictionary<string, Func<(WeightSpec Spec, IObjective Objective)>> Recipes()
    {
        var recipes = new Dictionary<string, Func<(WeightSpec, IObjective)>>
        {
            ["classification"] = Classification,
            ["contrastive"] = Contrastive,
            ["reconstruction"] = Reconstruction,
            ["KL autoencoder"] = Autoencoder,
            ["flow matching"] = () =>
            {
                var network = TinyLatents.Network(interval: false, 1).Network;
                return (network.Declare(),
                    new FlowMatchingObjective(new(TinyLatents.Sizes, new UniformTimeOptions(), Training), network, TinyLatents.Batches()));
            },
            ["consistency mid-training"] = () => Cmt(new(Training, 4, 4)),
            ["guided consistency mid-training"] = () => Cmt(new(Training, 4, 4, Guidance: new(2))),
            ["guided MeanFlow"] = () => MeanFlow(new CentralDifferenceOptions(), new(2)),
        };
        foreach (string file in Estimators.Files())
            recipes["MeanFlow by " + file] = () => MeanFlow(Estimators.Read(file));
        return recipes;
    }

    private static (WeightSpec, IObjective) Cmt(TrajectoryCmtOptions options)
    {
        var network = TinyLatents.Network(interval: true, 1).Network;
        return (network.Declare(), new CmtObjective(options, network, TinyLatents.Teacher(2), TinyLatents.Batches()));
    }

    private static (WeightSpec, IObjective) MeanFlow(DerivativeOptions derivative, GuidanceOptions? guidance = null)
    {
        var network = TinyLatents.Network(interval: true, 1).Network;
        var options = new LambdaMeanFlowOptions(
            Lambda: 0.7, TinyLatents.Sizes, new UniformTimeOptions(), derivative, new AdaptiveLossWeightOptions(), Training, EqualFraction: 0.5,
            Guidance: guidance);
        return (network.Declare(), new MeanFlowObjective(options, network, TinyLatents.Teacher(2), TinyLatents.Batches()));
    }

    private static (WeightSpec, IObjective) Classification()
    {
        var network = new InceptionNetwork(4, 3);
        return (network.Declare(),
            new ClassificationObjective(new(Training, new AugmentationOptions(), 4), network, Images(), Random, CPU));
    }

    private static (WeightSpec, IObjective) Contrastive()
    {
        var encoder = new VitEncoder(new VitOptions(24, 1, 2));
        var objective = new ContrastiveObjective(new(encoder.Options, new AugmentationOptions(), Training), encoder, Images(), Random, CPU);
        return (objective.Declare(), objective);
    }

    private static (WeightSpec, IObjective) Reconstruction()
    {
        var encoder = new VitEncoder(new VitOptions(24, 1, 2));
        var decoder = new RaeDecoder(new DecoderNetworkOptions(16, 1, 2, Channels: 2), encoder.Shape);
        var weights = Weights.Initialise(encoder.Declare(), Random, CPU);
        return (decoder.Declare(),
            new ReconstructionObjective(new(decoder.Options, Training), decoder, encoder, weights, Images(), Random, CPU));
    }

    private static (WeightSpec, IObjective) Autoencoder()
    {
        var sizes = new AutoencoderKlOptions([1, 2], 8, 1, 2, 4);
        var objective = new AutoencoderObjective(
            new(sizes, Training), new AutoencoderKlEncoder(sizes, ImageShape.Mnist, 1), new AutoencoderKlDecoder(sizes, ImageShape.Mnist, 1), Images(), Random, CPU);
        return (objective.Declare(), objective);
    }

    private static LabeledImages Images() => new(
        Random.Integers("images", 0, 256, 24, 1, 28, 28).to(uint8), arange(24, dtype: ScalarType.Int64).remainder(3));

    private sealed class Counted(IObjective objective) : IObjective
    {
        public List<long> LiveTensors { get; } = [];

        public ObjectiveValue Evaluate(Weights weights, long step)
        {
            LiveTensors.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return objective.Evaluate(weights, step);
        }

        // At a report, a loss with a weight is computed in two passes over one batch.
        public DividedBatch? Divide(Weights weights, long step, long samples)
        {
            LiveTensors.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return objective.Divide(weights, step, samples);
        }
    }
}
