using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli;

/// <summary>The verb `evaluate` and its options.</summary>
internal sealed class EvaluateCommand
{
    private readonly Option<string> samples = Required("--samples", "DIR|FILE", "Samples: a folder of PNG or JPEG files, .npz, .safetensors");
    private readonly Option<string> reference = Required("--reference", "DIR|FILE|NAME",
        "What they are compared with: images as above, statistics, or a split as fashion-mnist:test");

    private readonly Option<string> train = new("--train")
    {
        Description = "Training images, for memorisation and the floor of FID",
        HelpName = "DIR|FILE|NAME",
    };

    private readonly Option<string[]> features = new("--features")
    {
        Description = "inception, embedded, dinov2, or a file of TorchScript; may be repeated [default: embedded for 28x28, else inception]",
        HelpName = "NETWORK",
    };

    private readonly Option<string[]> weights = new("--weights")
    {
        Description = "Weights of inception or dinov2, where they are not in data/weights; one for each --features, in their order",
        HelpName = "FILE",
    };

    private readonly Option<string> resizing = Choice("--resizing", "How images reach inception", FeatureChoice.Resizings);
    private readonly Option<int> size = Number("--size", 0, "Side that images of a TorchScript network are resized to; 0 leaves them");
    private readonly Option<string> mean = Colours("--mean", "Subtracted from colours in [0, 1] before a TorchScript network", "0,0,0");
    private readonly Option<string> deviation = Colours("--std", "What they are then divided by", "1,1,1");

    private readonly Option<string> metrics = new("--metrics")
    {
        Description = $"Some of {string.Join(',', EvaluationNames.Metrics)} [default: all that can be computed]",
        HelpName = "LIST",
    };

    private readonly Option<string> form = Choice("--is-form", "How samples are parted for the Inception score", EvaluationNames.InceptionScoreForms);
    private readonly Option<int> splits = Number(
        "--is-splits", 0, "Parts of samples for the Inception score; 0 for the usual number: 1, and 10 for torchFidelity");

    private readonly Option<bool> ladder = new("--ladder")
    {
        Description = "Corrupt reference images step by step, to see whether FID follows",
    };

    private readonly Option<int> crop = Number("--crop", 0, "Bring images of folders to squares of this side, as ADM does; 0 leaves them");
    private readonly Option<string> saveStatistics = new("--save-statistics")
    {
        Description = "Write statistics of the samples to a .safetensors, .npz or .pt file",
        HelpName = "FILE",
    };

    private readonly Option<string> layout = new("--layout")
    {
        Description = $"Whose layout they are written in: {string.Join(", ", EvaluationNames.Layouts)}",
        HelpName = "NAME",
    };

    private readonly Option<string> device = DeviceOption.Create();
    private readonly Option<int> batch = Number("--batch", 0, "Images at a time; 0 takes what suits the network");
    private readonly Option<int> draws = Number("--draws", 0, "Resamples behind each interval; 0 for no intervals", 1000);
    private readonly Option<int> seed = Number("--seed", 0, "Of the ladder's noise");
    private readonly Option<bool> noCache = new("--no-cache") { Description = "Keep no features, and use none that were kept" };
    private readonly Option<bool> json = new("--json") { Description = "As JSON" };

    public Command Build(Composition composition, Func<ParseResult, Places> places)
    {
        metrics.Validators.Add(result => Words(result, EvaluationNames.Metrics));
        layout.Validators.Add(result => Words(result, EvaluationNames.Layouts));
        var command = new Command("evaluate", "Measure images that any model made, beside images or published statistics")
        {
            samples, reference, train, features, weights, resizing, size, mean, deviation, metrics, form, splits, ladder, crop,
            saveStatistics, layout, device, batch, draws, seed, noCache, json,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(weights)?.Length ?? 0) > Math.Max(1, result.GetValue(features)?.Length ?? 0))
                result.AddError("there are more --weights than --features");
            if (result.GetValue(layout) is not null && result.GetValue(saveStatistics) is null)
                result.AddError("--layout says how --save-statistics writes, and there is none");
        });
        command.SetAction(parsed => composition.Evaluate().Execute(Request(parsed, places(parsed)), parsed.GetValue(json)));
        return command;
    }

    private EvaluationRequest Request(ParseResult parsed, Places places) => new(
        places.WorkingDirectory,
        parsed.GetRequiredValue(samples),
        parsed.GetRequiredValue(reference),
        parsed.GetValue(train),
        Choices(parsed),
        (parsed.GetValue(metrics) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        parsed.GetValue(noCache) ? null : Path.Combine(places.Store, "features"),
        parsed.GetRequiredValue(device),
        parsed.GetValue(batch),
        parsed.GetValue(crop),
        parsed.GetValue(draws),
        parsed.GetValue(seed),
        parsed.GetValue(ladder),
        parsed.GetValue(saveStatistics),
        parsed.GetValue(layout),
        parsed.GetRequiredValue(form),
        parsed.GetValue(splits) is > 0 and var parts ? parts : EvaluationNames.InceptionScoreSplits(parsed.GetRequiredValue(form)));

    private List<FeatureChoice> Choices(ParseResult parsed)
    {
        var files = parsed.GetValue(weights) ?? [];
        return [.. (parsed.GetValue(features) ?? []).Select((name, i) => new FeatureChoice(
            name, i < files.Length ? files[i] : null, parsed.GetRequiredValue(resizing), parsed.GetValue(size),
            Three(parsed.GetRequiredValue(mean)) ?? [], Three(parsed.GetRequiredValue(deviation)) ?? []))];
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
