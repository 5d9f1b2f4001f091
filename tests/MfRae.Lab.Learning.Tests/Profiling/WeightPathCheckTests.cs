using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Tests.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>Whether a path of weights leads to its network is known before anything runs.</summary>
[Scoped]
public sealed class WeightPathCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WeightPathCheckTests()
    {
        Write("bare.safetensors", "");
        Write("nested.safetensors", "ema.module.", "model.");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bare.safetensors")]
    [InlineData("nested.safetensors::ema.module")]
    [InlineData("nested.safetensors::model")]
    [InlineData("none.safetensors::ema")]
    public void A_path_that_leads_to_the_network_is_no_mistake(string weights) => Mistakes(weights).Should().BeEmpty();

    [Theory]
    [InlineData("bare.safetensors::ema", "not in the dictionary 'ema'", "write `bare.safetensors`")]
    [InlineData("nested.safetensors", "not at the top", "write `nested.safetensors::ema.module` or `nested.safetensors::model`")]
    [InlineData("nested.safetensors::ema", "not in the dictionary 'ema'", "write `nested.safetensors::ema.module` or `nested.safetensors::model`")]
    [InlineData("nested.safetensors::emma", "not in the dictionary 'emma'", "`nested.safetensors::ema.module`")]
    public void Another_path_is_a_mistake_with_the_path_that_works(string weights, string message, string suggestion)
    {
        var mistake = Mistakes(weights).Should().ContainSingle().Which;

        mistake.Path.Should().Be("teacher.weights");
        mistake.Message.Should().Contain(message).And.Contain("safetensors");
        mistake.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void A_dictionary_that_is_not_there_is_a_mistake_where_the_network_is_not_known() =>
        WeightPathCheck.Diagnose(Experiment(new PretrainedTeacherOptions("bare.safetensors::ema")), _folder.Root)
            .Should().ContainSingle().Which.Message.Should().Contain("no dictionary 'ema'");

    public static TheoryData<GeneratorNetworkOptions> Kinds => [TinyLab.Dit, new PlainDitOptions(Patch: 1, Width: 16, Depth: 1, Heads: 2)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_mean_flow_network_as_a_teacher_is_a_mistake(GeneratorNetworkOptions sizes)
    {
        var network = GeneratorNetwork.Create(sizes, new(8, 4, 4), 3, interval: true);
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        Safetensors.Write(
            _folder.File("student.safetensors"), [.. network.Declare().Entries.Select(entry => ("ema." + entry.Name, weights[entry.Name]))]);

        var mistake = Mistakes("student.safetensors::ema", sizes).Should().ContainSingle().Which;
        mistake.Message.Should().Be("student.safetensors::ema contains a mean-flow network, but a teacher must be a velocity network");
        mistake.Suggestion.Should().Contain("`meanflow`");
    }

    [Fact]
    public void A_stage_says_the_same()
    {
        var file = TensorFile.Open(_folder.File("nested.safetensors"));
        var spec = new DitNetwork(TinyLab.Dit, new(8, 4, 4), 3, interval: false).Declare();

        FluentActions.Invoking(() => Weights.Load(spec, file, CPU)).Should().Throw<LabException>()
            .WithMessage("*nested.safetensors::ema.module or *nested.safetensors::model");
        FluentActions.Invoking(() => Weights.Load(spec, file.At("ema"), CPU)).Should().Throw<LabException>()
            .WithMessage("*write *nested.safetensors::ema.module");
    }

    private IReadOnlyList<Diagnostic> Mistakes(string weights, GeneratorNetworkOptions? sizes = null) =>
        WeightPathCheck.Diagnose(Experiment(new PretrainedTeacherOptions(weights, sizes ?? TinyLab.Dit)), _folder.Root);

    private static Experiment Experiment(TeacherOptions teacher)
    {
        var options = new LabOptions(
            new IdxDatasetOptions("data"), new PretrainedEncoderOptions("encoder.safetensors"), new PretrainedDecoderOptions("decoder.safetensors"),
            new PerElementLatentOptions(), teacher, new NoCmtOptions(), new NoMeanFlowOptions(), new SamplingOptions());
        return new("x", "x.json", "q", "e", "fid@1", [new("a", options, new Dictionary<string, System.Text.Json.Nodes.JsonNode?>(), true)], [0],
            new EvaluationOptions(new NoFeatureOptions(), [], []), []);
    }

    private void Write(string name, params string[] prefixes)
    {
        var network = new DitNetwork(TinyLab.Dit, new(8, 4, 4), 3, interval: false);
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        Safetensors.Write(_folder.File(name),
            [.. prefixes.SelectMany(prefix => network.Declare().Entries.Select(entry => (prefix + entry.Name, weights[entry.Name])))]);
    }
}
