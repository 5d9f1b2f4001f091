using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`evaluate`: measures images of any origin. It prints all numbers, or none if one of them cannot be measured.</summary>
internal sealed class EvaluateVerb
{
    private readonly Option<string> _samples = Required("--samples", "DIR|FILE", "The samples: a folder of PNG or JPEG files, .npz or .safetensors");
    private readonly Option<string> _reference = Required("--reference", "DIR|FILE|NAME",
        "The reference: images as above, precomputed statistics, or a split such as fashion-mnist:test");

    private readonly Option<string> _train = new("--train")
    {
        Description = "Training images, for the metrics memorisation and fidFloor",
        HelpName = "DIR|FILE|NAME",
    };

    private readonly Option<string[]> _features = new("--features")
    {
        Description = "inception, embedded, dinov2, or a TorchScript file; repeat for several networks [default: embedded for 28x28 images, "
            + "otherwise inception]",
        HelpName = "NETWORK",
    };

    private readonly Option<string[]> _weights = new("--weights")
    {
        Description = "Weights of inception or dinov2 if they are not in data/weights; one for each --features, in the same order",
        HelpName = "FILE",
    };

    private readonly Option<string> _resizing = Choice("--resizing", "How images are resized for inception", FeatureChoice.Resizings);
    private readonly Option<int?> _size = CommonOptions.Number("--size", "Side length of the images for a TorchScript network; 0 keeps their size", 0, 0);
    private readonly Option<string> _mean = Colours("--mean", "Subtracted from colours in [0, 1] before a TorchScript network", "0,0,0");
    private readonly Option<string> _deviation = Colours("--std", "The divisor of the colours after --mean", "1,1,1");

    private readonly Option<string> _metrics = new("--metrics")
    {
        Description = $"Some of {string.Join(',', EvaluationNames.Metrics)} [default: all metrics that can be computed]",
        HelpName = "LIST",
    };

    private readonly Option<string> _form = Choice("--is-form", "How samples are split for the Inception score", EvaluationNames.InceptionScoreForms);
    private readonly Option<int?> _splits = CommonOptions.Number(
        "--is-splits", "Number of splits for the Inception score; 0 chooses 1, or 10 for torchFidelity", 0, 0);

    private readonly Option<bool> _ladder = new("--ladder")
    {
        Description = "Corrupt reference images more and more, to check whether FID rises with the corruption",
    };

    private readonly Option<int?> _crop = CommonOptions.Number(
        "--crop", "Crop images from folders to squares of this side length, in the same way as ADM; 0 does not crop", 0, 0);

    private readonly Option<string> _saveStatistics = new("--save-statistics")
    {
        Description = "Write the statistics of the samples to a .safetensors, .npz or .pt file",
        HelpName = "FILE",
    };

    private readonly Option<string> _layout = new("--layout")
    {
        Description = $"The layout of the --save-statistics file: {string.Join(", ", EvaluationNames.Layouts)}",
        HelpName = "NAME",
    };

    private readonly Option<string> _device = CommonOptions.Device();
    private readonly Option<int?> _batch = CommonOptions.Number("--batch", "Images in a batch; 0 chooses a size for the network", 0, 0);
    private readonly Option<int?> _draws = CommonOptions.Number("--draws", "Bootstrap resamples for each interval; 0 computes no intervals", 0, 1000);
    private readonly Option<int?> _seed = CommonOptions.Number("--seed", "Seed of the noise of --ladder", 0, 0);
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Neither read nor write the feature cache" };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create(LabContext lab) => new EvaluateVerb().Build(lab);

    private Verb Build(LabContext lab)
    {
        _metrics.Validators.Add(result => RequireKnown(result, EvaluationNames.Metrics));
        _layout.Validators.Add(result => RequireKnown(result, EvaluationNames.Layouts));
        var command = new Verb("evaluate", "Measure images from any model against images or published statistics",
            "--samples samples/ --reference fashion-mnist:test --metrics fid,is")
        {
            _samples, _reference, _train, _features, _weights, _resizing, _size, _mean, _deviation, _metrics, _form, _splits, _ladder, _crop,
            _saveStatistics, _layout, _device, _batch, _draws, _seed, _noCache, _json,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(_weights)?.Length ?? 0) > Math.Max(1, result.GetValue(_features)?.Length ?? 0))
                result.AddError("there are more --weights than --features");
            if (result.GetValue(_layout) is not null && result.GetValue(_saveStatistics) is null)
                result.AddError("--layout requires --save-statistics");
        });
        command.SetAction(parsed => Execute(lab, Request(parsed, lab.For(parsed).Paths), parsed.GetValue(_json)));
        return command;
    }

    private static int Execute(LabContext lab, EvaluationRequest request, bool json)
    {
        var terminal = lab.Terminal;
        using var progress = new EvaluationProgress(terminal, lab.Time);
        try
        {
            lab.Signals.Say = progress.Say;
            var result = new Evaluator(request, progress, lab.Signals.Stop).Run();
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

    private EvaluationRequest Request(ParseResult parsed, LabPaths paths) => new(
        paths.WorkingDirectory,
        parsed.GetRequiredValue(_samples),
        parsed.GetRequiredValue(_reference),
        parsed.GetValue(_train),
        Choices(parsed),
        (parsed.GetValue(_metrics) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        parsed.GetValue(_noCache) ? null : Path.Combine(paths.Store, "features"),
        parsed.GetRequiredValue(_device),
        parsed.GetNumber(_batch),
        parsed.GetNumber(_crop),
        parsed.GetNumber(_draws),
        parsed.GetNumber(_seed),
        parsed.GetValue(_ladder),
        parsed.GetValue(_saveStatistics),
        parsed.GetValue(_layout),
        parsed.GetRequiredValue(_form),
        parsed.GetNumber(_splits) is > 0 and var splits ? splits : EvaluationNames.InceptionScoreSplits(parsed.GetRequiredValue(_form)));

    private List<FeatureChoice> Choices(ParseResult parsed)
    {
        var files = parsed.GetValue(_weights) ?? [];
        return [.. (parsed.GetValue(_features) ?? []).Select((name, i) => new FeatureChoice(
            name, i < files.Length ? files[i] : null, parsed.GetRequiredValue(_resizing), parsed.GetNumber(_size),
            Three(parsed.GetRequiredValue(_mean)) ?? [], Three(parsed.GetRequiredValue(_deviation)) ?? []))];
    }

    private static void RequireKnown(OptionResult result, IReadOnlyList<string> known)
    {
        foreach (var word in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (!known.Contains(word))
                result.AddError($"{result.Option.Name} does not accept '{word}': use {string.Join(", ", known)}");
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
        option.Validators.Add(result => RequireKnown(result, words));
        return option;
    }

    private static Option<string> Colours(string name, string description, string usual)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "R,G,B", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (Three(token.Value) is not { } values || (name == "--std" && values.Any(value => value <= 0))))
                result.AddError($"{name} requires three numbers{(name == "--std" ? " above 0" : "")}, such as 0.485,0.456,0.406");
        });
        return option;
    }
}
