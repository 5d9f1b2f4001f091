using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Turns a merged document into an experiment: arms are patched and checked, and deserialised if they have no mistakes.</summary>
/// <param name="headers">Reads the files that options name.</param>
/// <param name="only">The arms that will run; empty: all.</param>
/// <param name="whole">False if a file was broken or missing: then missing options are not reported.</param>
internal sealed class ExperimentDraft(
    Diagnostics mistakes,
    OptionChecker checker,
    InputHeaders headers,
    LocatedObject document,
    IReadOnlyList<Override> overrides,
    bool whole,
    IReadOnlyList<string> only)
{
    // The longest text, in characters, that reports can show.
    private const int LongestText = 10_000;

    private readonly OptionType _lab = OptionTypes.Lab();
    private readonly OptionType _evaluation = OptionTypes.Evaluation();

    // The metrics of contrasts, which every arm must measure.
    private readonly List<(string Metric, Location At)> _metrics = [];

    // All seeds, which the paths of external samples may contain.
    private IReadOnlyList<long> _seeds = [];

    /// <summary>The experiment, or null if there are mistakes.</summary>
    public Experiment? Resolve(string name, string file, IReadOnlyList<string> writtenOverrides)
    {
        CheckFile();
        var seeds = new SeedReader(mistakes).Read(document.Get("seeds"));
        var drafts = new ArmReader(mistakes).Read(document);
        var analysis = new AnalysisReader(mistakes);
        var effect = analysis.Effect(document);
        var contrasts = analysis.Contrasts(document.Get("contrasts"), [.. drafts.Arms.Select(arm => arm.Name)], Primary, AddMetric);
        var pilots = analysis.Pilots(document.Get("pilotSeeds"), seeds);
        _seeds = [.. seeds, .. pilots];
        var halving = new HalvingReader(mistakes).Read(document.Get("halving"), pilots, drafts.Arms.Count, Primary);
        var trees = BuildArms(drafts);
        foreach (var tree in trees)
        {
            // Without valid arms, `base` is still checked.
            CheckArm(tree, whole && drafts.Arms.Count > 0);
        }

        if (mistakes.Count > 0 || !whole)
        {
            return null;
        }

        var arms = drafts.Arms.Select((draft, i) => Resolve(draft, trees[i], draft.Name == drafts.Baseline)).ToList();
        CheckDifferent(drafts.Arms, arms);
        return new Experiment(
            name,
            file,
            document.GetText("question")!,
            document.GetText("expectation")!,
            Primary,
            arms,
            seeds,
            JsonSerializer.Deserialize(document.Get("evaluation")!.ToJson(), LabJson.Default.EvaluationOptions)!,
            writtenOverrides,
            (document.Get("report") as LocatedObject)?.GetText("title"),
            SmallestRelevantEffect: effect,
            Contrasts: contrasts.Count > 0 ? contrasts : null,
            PilotSeeds: pilots.Count > 0 ? pilots : null,
            Halving: halving);
    }

    private void AddMetric(string metric, Location at) => _metrics.Add((metric, at));

    private string Primary => document.GetText("primaryMetric") ?? "fid@1";

    private void CheckFile()
    {
        if (!whole)
        {
            return;
        }

        foreach (var option in OptionTypes.ExperimentFile().Properties.Where(
            option => option.Required && document.Get(option.Name) is null))
        {
            if (option.Name == "base")
            {
                checker.ReportMissing(document, "base", "write \"extends\": \"base/fashion-mnist.json\", or another file that has `base`, or `base` itself");
            }
            else
            {
                checker.ReportMissing(document, option);
            }
        }

        CheckLength(document, "question");
        CheckLength(document, "expectation");
        if (document.Get("report") is LocatedObject report)
        {
            CheckLength(report, "title");
        }

        if (document.Get("evaluation") is { } evaluation)
        {
            checker.Check(evaluation, new ObjectShape(_evaluation), complete: true);
        }
    }

    private void CheckLength(LocatedObject owner, string name)
    {
        if (owner.GetText(name) is { Length: > LongestText } text)
        {
            mistakes.Add(owner.Get(name)!.Location, $"the text has {text.Length} characters", $"write at most {LongestText}, and move the rest to a comment");
        }
    }

    private List<LocatedObject> BuildArms(ArmDrafts drafts)
    {
        if (document.Get("base") is not LocatedObject onto)
        {
            return [];
        }

        ReportAxisOverrides(drafts.Axes);
        List<LocatedObject> trees = drafts.Arms.Count == 0
            ? [onto]
            : [.. drafts.Arms.Select(draft => (LocatedObject)MergePatch.Apply(onto, draft.Patch))];
        foreach (var change in overrides)
        {
            // An arm whose stage has another kind lacks the option: the override applies to the arms that have it.
            var having = trees.Select(tree => new OptionView(tree, _lab).Has(change.Path)).ToList();
            bool anywhere = having.Contains(true);
            trees = [.. trees.Select((tree, i) => having[i] || !anywhere ? (LocatedObject)MergePatch.Apply(tree, change.Patch) : tree)];
        }

        return trees;
    }

    private void ReportAxisOverrides(IReadOnlyList<Axis> axes)
    {
        foreach (var change in overrides)
        {
            string[] changed = [.. MergePatch.Leaves(change.Patch)];
            foreach (var axis in axes.Where(axis => axis.Paths.Any(path => changed.Any(leaf => IsAtOrBelow(leaf, path)))))
            {
                mistakes.Add(
                    Location.CommandLine(change.Path),
                    axis.IsOption
                        ? $"`{axis.Name}` is an axis of the experiment: a single value would make all arms equal"
                        : $"`{change.Path}` is set by the axis `{axis.Name}`: a single value would undo its levels",
                    "remove the override, or change the axis in the file");
            }
        }

        static bool IsAtOrBelow(string leaf, string path) => leaf == path || leaf.StartsWith(path + ".", StringComparison.Ordinal);
    }

    private void CheckArm(LocatedObject tree, bool complete)
    {
        checker.CheckObject(tree, _lab, complete);
        if (!complete)
        {
            return;
        }

        var options = new OptionView(tree, _lab);
        var combination = new CombinationRules(mistakes, options);
        combination.Check();
        if (combination.IsExternal)
        {
            new ExternalRules(mistakes, options, headers, _seeds).Check();
        }

        new NetworkRules(mistakes, options, headers).Check(!combination.HasStudy, combination.HasTeacher || combination.HasGenerator);
        if (document.Get("evaluation") is LocatedObject evaluation)
        {
            var primaryAt = document.Get("primaryMetric")?.Location ?? document.Location.Child("primaryMetric");
            var view = new OptionView(evaluation, _evaluation);
            new OracleRules(mistakes, options, view).Check();
            new NoImagesRules(mistakes, options, view).Check();
            new WatchRules(mistakes, options, view).Check();
            var rules = new EvaluationRules(mistakes, view, headers);
            rules.Check(options, combination, [(Primary, primaryAt), .. _metrics]);
            if (!combination.HasStudy)
            {
                new FeatureRules(mistakes, options, view, headers).Check();
                new SampleRules(mistakes, options, view, headers).Check(combination.HasGenerator || combination.HasTeacher || combination.IsExternal);
            }
        }
    }

    private static Arm Resolve(ArmDraft draft, LocatedObject tree, bool baseline)
    {
        var options = JsonSerializer.Deserialize(tree.ToJson(), LabJson.Default.LabOptions)!;
        options = options with { Sampling = SamplingDefaults.Resolve(options.Sampling) };
        var resolved = JsonSerializer.SerializeToNode(options, LabJson.Default.LabOptions)!;
        var differences = MergePatch.Leaves(draft.Patch).ToDictionary(path => path, path => ValueAt(resolved, path));
        return new Arm(draft.Name, options, differences, baseline, draft.Title, draft.Levels);
    }

    private static JsonNode? ValueAt(JsonNode resolved, string path)
    {
        JsonNode? node = resolved;
        foreach (string step in path.Split('.'))
        {
            node = (node as JsonObject)?[step];
        }

        return node?.DeepClone();
    }

    /// <summary>
    /// Reports arms with equal options. Arms that an override made equal are accepted if at most one of them will run.
    /// </summary>
    private void CheckDifferent(IReadOnlyList<ArmDraft> drafts, IReadOnlyList<Arm> arms)
    {
        bool Runs(int arm) => overrides.Count == 0 || only.Count == 0 || only.Contains(arms[arm].Name);
        var texts = arms.Select(arm => JsonSerializer.Serialize(arm.Options, LabJson.Default.LabOptions)).ToList();
        for (int i = 0; i < texts.Count; i++)
        {
            int first = Enumerable.Range(0, i).FirstOrDefault(other => texts[other] == texts[i] && Runs(other), i);
            if (first < i && Runs(i))
            {
                mistakes.Add(
                    drafts[i].Location,
                    $"the arms `{arms[first].Name}` and `{arms[i].Name}` have the same options",
                    overrides.Count == 0
                        ? "remove one arm, or change its options"
                        : "an override on the command line may have made them equal: remove it");
            }
        }
    }
}

/// <summary>Reads `seeds`: an array of whole numbers, or a string such as "0-5" or "0,2,7-9".</summary>
internal sealed class SeedReader(Diagnostics mistakes, string name = "seeds")
{
    private const int Most = 1000;
    private const string Right = "write an array such as [0, 1], or a range such as \"0-5\"";

    public IReadOnlyList<long> Read(LocatedNode? node) => node switch
    {
        null => [0],
        LocatedArray { Items.Count: > 0 } list => Distinct([.. list.Items.SelectMany(ReadItem)]),
        LocatedScalar { Text: { } text } => Distinct(ReadText(node.Location, text)),
        // The command line gives a single number, as in `seeds=3`.
        LocatedScalar { Kind: JsonValueKind.Number } => ReadItem(node).ToList().ConvertAll(seed => seed.Seed),
        LocatedArray => Complain(node.Location, $"`{name}` is empty"),
        _ => Complain(node.Location, $"expected seeds, got {node.Describe()}"),
    };

    private IEnumerable<(Location At, long Seed)> ReadItem(LocatedNode item)
    {
        if (item is LocatedScalar { Kind: JsonValueKind.Number, Json: var json }
            && int.TryParse(json, NumberStyles.None, CultureInfo.InvariantCulture, out int seed))
        {
            return [(item.Location, seed)];
        }

        mistakes.Add(item.Location, $"expected a seed, got {item.Describe()}", $"write a whole number from 0 to {int.MaxValue}");
        return [];
    }

    private List<(Location At, long Seed)> ReadText(Location at, string text)
    {
        var seeds = new List<(Location, long)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            var numbers = ends.Select(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture,
                out int number) ? number : -1).ToList();
            if (numbers.Count > 2 || numbers.Contains(-1) || numbers[^1] < numbers[0] || numbers[^1] - numbers[0] >= Most)
            {
                Complain(at, $"\"{part}\" is neither a seed nor an ascending range of at most {Most} seeds");
                continue;
            }

            seeds.AddRange(Enumerable.Range(numbers[0], numbers[^1] - numbers[0] + 1).Select(seed => (at, (long)seed)));
        }

        return seeds;
    }

    private List<long> Distinct(List<(Location At, long Seed)> seeds)
    {
        foreach (var again in seeds.GroupBy(item => item.Seed).SelectMany(group => group.Skip(1)))
        {
            mistakes.Add(
                again.At, $"duplicate seed {again.Seed}", "remove one of the two: the same seed gives the same numbers");
        }

        return seeds.ConvertAll(item => item.Seed);
    }

    private List<long> Complain(Location at, string message)
    {
        mistakes.Add(at, message, Right);
        return [];
    }
}
