using System.CommandLine;
using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`sample`: draws samples of a network of the store, of chosen classes and number of steps, and writes them as images or arrays.</summary>
internal sealed class SampleVerb
{
    private const string MeanFlow = "meanflow";
    private const string NetworkFile = "network.safetensors";

    private readonly Argument<string> _subject = CommonOptions.RunOrExperiment();
    private readonly Option<string> _arm = new("--arm") { Description = "The arm of the experiment", HelpName = "ARM" };
    private readonly Option<long?> _seed = new("--seed") { Description = "The seed of the experiment", HelpName = "N" };
    private readonly Option<string> _network = new("--network")
    {
        Description = "The network: meanflow, cmt or teacher [default: the one that the run samples]",
        HelpName = "ROLE",
    };

    private readonly Option<int?> _after = CommonOptions.Number("--after", "The intermediate weights after this training step, if they are kept", 0, helpName: "STEP");
    private readonly Option<bool> _checkpoint = new("--checkpoint") { Description = "The averaged weights in the last checkpoint of a training that has not ended" };
    private readonly Option<int?> _steps = CommonOptions.Number("--steps", "Number of steps", 1, 1);
    private readonly Option<string> _classes = new("--classes")
    {
        Description = "Classes by number, in turns, such as 3,7 [default: the labels of the run]",
        HelpName = "LIST",
    };

    private readonly Option<int?> _count = CommonOptions.Number("--n", "Number of samples", 1, 64);
    private readonly Option<int?> _noiseSeed = CommonOptions.Number("--noise-seed", "Other noise than that of the run's samples", 0);
    private readonly Option<string> _form = new("--form")
    {
        Description = "png: a file for each sample; grid: one image; npz: arr_0 [N, H, W, C] and arr_1 (labels), as in ADM's evaluation",
        HelpName = string.Join('|', GeneratorSamples.Forms),
        DefaultValueFactory = _ => GeneratorSamples.Forms[0],
    };

    private readonly Option<string> _to = new("--to") { Description = "The folder to write to", HelpName = "DIR", Required = true };
    private readonly Option<string> _device = CommonOptions.Device();

    public static Command Create(LabContext lab) => new SampleVerb().Build(lab);

    private Verb Build(LabContext lab)
    {
        var command = new Verb("sample", "Draw samples of a network of the store, as images or arrays", "3f2a --steps 1 --classes 3,7 --n 64 --to samples")
        {
            _subject, _arm, _seed, _network, _after, _checkpoint, _steps, _classes, _count, _noiseSeed, _form, _to, _device,
        };
        _network.AcceptOnlyFromAmong(MeanFlow, StageInput.Cmt, StageInput.Teacher);
        _form.AcceptOnlyFromAmong([.. GeneratorSamples.Forms]);
        _classes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Classes(token.Value) is null)
                result.AddError("--classes requires numbers of classes, such as 3,7");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(_checkpoint) && result.GetResult(_after) is { Implicit: false })
                result.AddError("--checkpoint and --after exclude each other");
        });
        command.SetAction(parsed => Execute(lab.For(parsed), parsed));
        return command;
    }

    private int Execute(LabContext lab, ParseResult parsed)
    {
        using var database = lab.OpenDatabase();
        var (record, named) = new NameResolver(new RunQueries(database)).Any(parsed.GetRequiredValue(_subject));
        var runs = RunSelection.Of(record, named, parsed.GetValue(_arm), parsed.GetValue(_seed));
        if (runs is not [var run])
        {
            throw new LabException($"{record.Name} has {runs.Count} such runs: choose one with --arm ({string.Join(", ", runs.Select(one => one.Arm).Distinct())}) "
                + $"and --seed ({string.Join(", ", runs.Select(one => one.Seed).Distinct())})");
        }

        var request = Request(lab, parsed, record, run);
        using var progress = new EvaluationProgress(lab.Terminal, lab.Time);
        var folder = Path.GetFullPath(parsed.GetRequiredValue(_to), lab.WorkingDirectory);
        var files = new GeneratorSamples(request, done => progress.Step("samples", done, request.Count))
            .Write(folder, parsed.GetRequiredValue(_form), lab.Signals.Stop);
        progress.End();
        lab.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Arm} seed {run.Seed}: {request.Count} samples in {request.Steps} ")
            + $"{(request.Steps == 1 ? "step" : "steps")} → {(files.Count == 1 ? lab.Paths.Show(files[0]) : lab.Paths.Show(folder))}");
        return ExitCode.Ok;
    }

    private GeneratorSamplesRequest Request(LabContext lab, ParseResult parsed, ExperimentRecord record, RunRecord run)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        StageRecord Stage(string role) => run.Stages.TryGetValue(role, out var key)
            ? stages[key]
            : throw new LabException($"the run has no stage `{role}`; it has {string.Join(", ", run.Stages.Keys)}");
        if (run.Stages.TryGetValue("sampling", out var samples) && stages[samples].Kind == ExternalSamplingStage.Kind)
            throw new LabException($"the samples of {run.Arm} are those of another program, which only that program can draw: name an arm with a network of the lab");
        var role = parsed.GetValue(_network) ?? (run.Stages.ContainsKey(MeanFlow) ? MeanFlow : run.Stages.ContainsKey(StageInput.Cmt) ? StageInput.Cmt : StageInput.Teacher);
        var network = Stage(role);
        var sampled = Stage(role == StageInput.Teacher && run.Stages.ContainsKey("teacherSampling") ? "teacherSampling" : "sampling");
        var sampling = (SamplingStage)Definition(sampled);
        if (parsed.GetValue(_noiseSeed) is { } noise)
        {
            sampling = sampling with
            {
                Seed = noise,
                NoiseFile = null,
                Labels = sampling.NoiseFile is null ? sampling.Labels : SamplingOptions.BalancedLabels,
            };
        }

        var decoder = Require(lab, record, Stage(StageInput.Decoder), StoredFileKinds.Weights);
        var latents = Require(lab, record, Stage(StageInput.Latents), StoredFileKinds.None);
        var unfinished = parsed.GetValue(_checkpoint);
        var start = unfinished ? Start(network) : null;
        return new(
            sampling, sampled.Seed,
            unfinished ? Partial(lab, network) : Path.Combine(Require(lab, record, network, Kind(parsed)), File(lab, parsed, network)),
            start is null ? null : Path.Combine(Require(lab, record, stages[network.Inputs[start]], StoredFileKinds.Weights), NetworkFile),
            unfinished && start is null ? Options(network) : null, role != StageInput.Teacher, decoder, latents,
            run.Stages.TryGetValue(StageInput.Dataset, out var dataset) ? lab.Store.CompleteFolder(dataset) : null,
            parsed.GetNumber(_steps), parsed.GetNumber(_count), Classes(parsed.GetValue(_classes) ?? "") ?? [], lab.WorkingDirectory,
            parsed.GetRequiredValue(_device));
    }

    private StoredFileKinds Kind(ParseResult parsed) => parsed.GetValue(_after) is null ? StoredFileKinds.Weights : StoredFileKinds.Snapshots;

    /// <summary>The name of the file with the weights.</summary>
    private string File(LabContext lab, ParseResult parsed, StageRecord network)
    {
        if (parsed.GetValue(_after) is not { } step)
            return NetworkFile;
        var name = string.Create(CultureInfo.InvariantCulture, $"snapshot.{step}.safetensors");
        var kept = lab.Store.ReadManifest(network.Key).Files.Select(file => file.Name.Split('.')).Where(parts => parts is ["snapshot", _, _])
            .Select(parts => int.Parse(parts[1], CultureInfo.InvariantCulture)).Order().ToList();
        return kept.Contains(step) ? name
            : throw new LabException(kept.Count == 0
                ? $"{network.Label} has no intermediate weights: `meanflow.snapshots` keeps them"
                : $"{network.Label} has no weights after step {step}; it has those after {string.Join(", ", kept)}");
    }

    private static string Partial(LabContext lab, StageRecord network) =>
        !lab.Store.IsComplete(network.Key) && Directory.Exists(lab.Store.PartialFolder(network.Key))
            ? lab.Store.PartialFolder(network.Key)
            : throw new LabException($"{network.Label} has no checkpoint: {(lab.Store.IsComplete(network.Key) ? "its training has ended, so leave --checkpoint out" : "its training has not begun")}");

    /// <summary>The input with a network of the same size, from which the training of a network starts; null without such an input.</summary>
    private static string? Start(StageRecord network) => Definition(network) switch
    {
        CmtStage => StageInput.Teacher,
        MeanFlowStage { MeanFlow: IMeanFlowTraining { Initialisation: var from } } when network.Inputs.ContainsKey(from) => from,
        _ => null,
    };

    private static GeneratorNetworkOptions Options(StageRecord network) => Definition(network) switch
    {
        MeanFlowStage { MeanFlow: IMeanFlowTraining training } => training.Network,
        TeacherStage { Teacher: FlowMatchingOptions teacher } => teacher.Network,
        _ => throw new LabException($"{network.Label} is not trained: leave --checkpoint out"),
    };

    /// <summary>The folder of a complete stage.</summary>
    /// <param name="kinds">The kinds of files that are needed.</param>
    /// <exception cref="LabException">The stage is not complete, or has dropped such files.</exception>
    private static string Require(LabContext lab, ExperimentRecord record, StageRecord stage, StoredFileKinds kinds)
    {
        if (!lab.Store.IsComplete(stage.Key))
            throw new LabException($"{stage.Label} is not in the store: run {record.Path} first{(stage.Status == "running" ? ", or use --checkpoint" : "")}");
        return (lab.Store.Dropped(stage.Key) & kinds) is var dropped && dropped == StoredFileKinds.None
            ? lab.Store.CompleteFolder(stage.Key)
            : throw new LabException($"the {StoredFiles.Text(dropped)} of {stage.Label} were dropped: run {record.Path} with --keep {StoredFiles.Text(dropped)} to compute them again");
    }

    private static StageDefinition Definition(StageRecord stage) => VersionedJson.Read<StageDefinition>(Encoding.UTF8.GetBytes(stage.DefinitionJson));

    private static List<int>? Classes(string text)
    {
        var classes = new List<int>();
        foreach (var word in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            classes.Add(number);
        }

        return classes;
    }
}
