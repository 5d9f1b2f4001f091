using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Measures images of any origin. Numbers appear all together or not at all.</summary>
public sealed class EvaluateVerb(Terminal terminal, StopSignals signals, TimeProvider time)
{
    public int Execute(EvaluationRequest request, bool json)
    {
        using var progress = new EvaluationProgress(terminal, time);
        try
        {
            signals.Say = progress.Say;
            var result = new Evaluator(request, progress, signals.Stop).Run();
            progress.End();
            terminal.Out.Write(json ? EvaluationJson.Write(result) + "\n" : EvaluationText.Write(result));
            return ExitCode.Ok;
        }
        catch (IncomparableException refused)
        {
            progress.End();
            terminal.Error.WriteLine(refused.Message);
            return ExitCode.Incomparable;
        }
        catch (RequestException refused)
        {
            progress.End();
            terminal.Error.WriteLine(refused.Message);
            return ExitCode.Usage;
        }
    }
}

/// <summary>The verb `evaluate` and its options.</summary>
internal sealed class EvaluateCommand
{
    private readonly Option<string> _samples = Required("--samples", "DIR|FILE", "Samples: a folder of PNG or JPEG files, .npz, .safetensors");
    private readonly Option<string> _reference = Required("--reference", "DIR|FILE|NAME",
        "What they are compared with: images as above, statistics, or a split as fashion-mnist:test");

    private readonly Option<string> _train = new("--train")
    {
        Description = "Training images, for memorisation and the floor of FID",
        HelpName = "DIR|FILE|NAME",
    };

    private readonly Option<string[]> _features = new("--features")
    {
        Description = "inception, embedded, dinov2, or a file of TorchScript; may be repeated [default: embedded for 28x28, else inception]",
        HelpName = "NETWORK",
    };

    private readonly Option<string[]> _weights = new("--weights")
    {
        Description = "Weights of inception or dinov2, where they are not in data/weights; one for each --features, in their order",
        HelpName = "FILE",
    };

    private readonly Option<string> _resizing = Choice("--resizing", "How images reach inception", FeatureChoice.Resizings);
    private readonly Option<int> _size = Number("--size", 0, "Side that images of a TorchScript network are resized to; 0 leaves them");
    private readonly Option<string> _mean = Colours("--mean", "Subtracted from colours in [0, 1] before a TorchScript network", "0,0,0");
    private readonly Option<string> _deviation = Colours("--std", "What they are then divided by", "1,1,1");

    private readonly Option<string> _metrics = new("--metrics")
    {
        Description = $"Some of {string.Join(',', EvaluationNames.Metrics)} [default: all that can be computed]",
        HelpName = "LIST",
    };

    private readonly Option<string> _form = Choice("--is-form", "How samples are parted for the Inception score", EvaluationNames.InceptionScoreForms);
    private readonly Option<int> _splits = Number(
        "--is-splits", 0, "Parts of samples for the Inception score; 0 for the usual number: 1, and 10 for torchFidelity");

    private readonly Option<bool> _ladder = new("--ladder")
    {
        Description = "Corrupt reference images step by step, to see whether FID follows",
    };

    private readonly Option<int> _crop = Number("--crop", 0, "Bring images of folders to squares of this side, as ADM does; 0 leaves them");
    private readonly Option<string> _saveStatistics = new("--save-statistics")
    {
        Description = "Write statistics of the samples to a .safetensors, .npz or .pt file",
        HelpName = "FILE",
    };

    private readonly Option<string> _layout = new("--layout")
    {
        Description = $"Whose layout they are written in: {string.Join(", ", EvaluationNames.Layouts)}",
        HelpName = "NAME",
    };

    private readonly Option<string> _device = DeviceOption.Create();
    private readonly Option<int> _batch = Number("--batch", 0, "Images at a time; 0 takes what suits the network");
    private readonly Option<int> _draws = Number("--draws", 0, "Resamples behind each interval; 0 for no intervals", 1000);
    private readonly Option<int> _seed = Number("--seed", 0, "Of the ladder's noise");
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Keep no features, and use none that were kept" };
    private readonly Option<bool> _json = new("--json") { Description = "As JSON" };

    public Command Build(Composition composition, Func<ParseResult, LabPaths> places)
    {
        _metrics.Validators.Add(result => Words(result, EvaluationNames.Metrics));
        _layout.Validators.Add(result => Words(result, EvaluationNames.Layouts));
        var command = new Command("evaluate", "Measure images that any model made, beside images or published statistics")
        {
            _samples, _reference, _train, _features, _weights, _resizing, _size, _mean, _deviation, _metrics, _form, _splits, _ladder, _crop,
            _saveStatistics, _layout, _device, _batch, _draws, _seed, _noCache, _json,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(_weights)?.Length ?? 0) > Math.Max(1, result.GetValue(_features)?.Length ?? 0))
                result.AddError("there are more --weights than --features");
            if (result.GetValue(_layout) is not null && result.GetValue(_saveStatistics) is null)
                result.AddError("--layout says how --save-statistics writes, and there is none");
        });
        command.SetAction(parsed => composition.Evaluate().Execute(Request(parsed, places(parsed)), parsed.GetValue(_json)));
        return command;
    }

    private EvaluationRequest Request(ParseResult parsed, LabPaths places) => new(
        places.WorkingDirectory,
        parsed.GetRequiredValue(_samples),
        parsed.GetRequiredValue(_reference),
        parsed.GetValue(_train),
        Choices(parsed),
        (parsed.GetValue(_metrics) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        parsed.GetValue(_noCache) ? null : Path.Combine(places.Store, "features"),
        parsed.GetRequiredValue(_device),
        parsed.GetValue(_batch),
        parsed.GetValue(_crop),
        parsed.GetValue(_draws),
        parsed.GetValue(_seed),
        parsed.GetValue(_ladder),
        parsed.GetValue(_saveStatistics),
        parsed.GetValue(_layout),
        parsed.GetRequiredValue(_form),
        parsed.GetValue(_splits) is > 0 and var parts ? parts : EvaluationNames.InceptionScoreSplits(parsed.GetRequiredValue(_form)));

    private List<FeatureChoice> Choices(ParseResult parsed)
    {
        var files = parsed.GetValue(_weights) ?? [];
        return [.. (parsed.GetValue(_features) ?? []).Select((name, i) => new FeatureChoice(
            name, i < files.Length ? files[i] : null, parsed.GetRequiredValue(_resizing), parsed.GetValue(_size),
            Three(parsed.GetRequiredValue(_mean)) ?? [], Three(parsed.GetRequiredValue(_deviation)) ?? []))];
    }

    private static void Words(OptionResult result, IReadOnlyList<string> known)
    {
        foreach (var word in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (!known.Contains(word))
                result.AddError($"{result.Option.Name} does not know '{word}': use {string.Join(", ", known)}");
        }
    }

    private static double[]? Three(string text)
    {
        var parts = text.Split(',');
        return parts.Length == 3 && parts.All(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value)) ? [.. parts.Select(part => double.Parse(part, CultureInfo.InvariantCulture))] : null;
    }

    private static Option<string> Required(string name, string help, string description) =>
        new(name) { Description = description, HelpName = help, Required = true };

    private static Option<string> Choice(string name, string description, IReadOnlyList<string> words)
    {
        var option = new Option<string>(name)
        {
            Description = $"{description}: {string.Join(", ", words)}",
            HelpName = "NAME",
            DefaultValueFactory = _ => words[0],
        };
        option.Validators.Add(result => Words(result, words));
        return option;
    }

    private static Option<string> Colours(string name, string description, string usual)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "R,G,B", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (Three(token.Value) is not { } values || (name == "--std" && values.Any(value => value <= 0))))
                result.AddError($"{name} takes three numbers{(name == "--std" ? " above 0" : "")}, as 0.485,0.456,0.406");
        });
        return option;
    }

    private static Option<int> Number(string name, int least, string description, int usual = 0)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least))
                result.AddError($"{name} takes a number from {least}");
        });
        return option;
    }
}
