using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads an experiment file, strictly: every mistake in it and in what it extends is found before anything runs.</summary>
public static partial class ExperimentReader
{
    /// <param name="path">The file, relative to the working directory.</param>
    /// <param name="overrides">`path.to.option=value` from the command line: the last word on their paths, in every arm.</param>
    /// <param name="workingDirectory">Where relative paths start, also those in options.</param>
    /// <param name="needFiles">Whether the weights and data that options name must be there.</param>
    /// <param name="only">The arms that are to run; null: all. Overrides may make the others equal.</param>
    /// <exception cref="LabException">A file is there but cannot be read.</exception>
    public static ReadResult Read(string path, IReadOnlyList<string> overrides, string workingDirectory, bool needFiles = true,
        IReadOnlyList<string>? only = null)
    {
        string fullPath = Path.GetFullPath(path.Replace('\0', ' '), workingDirectory);
        var mistakes = new Diagnostics();
        var checker = new OptionChecker(mistakes, new ObjectRules(mistakes, new FileRules(mistakes, workingDirectory, needFiles)));
        var loader = new DocumentLoader(mistakes, checker, workingDirectory);
        string file = loader.NameOf(fullPath);
        var given = new OverrideReader(mistakes).Read(overrides);
        Experiment? experiment = null;
        if (loader.Load(fullPath) is { } document)
        {
            var draft = new ExperimentDraft(
                mistakes,
                checker,
                new InputHeaders(workingDirectory, needFiles),
                (LocatedObject)MergePatch.Apply(document, given.Document),
                given.Base,
                loader.Whole,
                only ?? []);
            var resolved = draft.Resolve(NameOf(fullPath, file, overrides, mistakes), file, overrides);
            experiment = resolved is null ? null : resolved with { Files = loader.Files };
        }

        foreach (var word in mistakes.Count == 0 ? loader.BareWords : [])
        {
            mistakes.Add(word.Location, $"{word.Bare} is not JSON", "write a number in digits, or text in double quotes");
        }

        return (mistakes.Count > 0 ? new ReadResult(null, mistakes.Sorted(file)) : new ReadResult(experiment, [])) with
        {
            Warnings = mistakes.Warnings(file),
        };
    }

    private static string NameOf(string fullPath, string file, IReadOnlyList<string> overrides, Diagnostics mistakes)
    {
        string name = Path.GetFileNameWithoutExtension(fullPath);
        if (!FileName().IsMatch(name))
        {
            mistakes.Add(
                new Location(file, 0, "$"), $"`{name}` cannot name an experiment", "rename the file: 1 to 120 letters, digits and . _ -");
        }
        else if (ArtifactName.ExperimentFault(name) is { } fault)
        {
            mistakes.Add(
                new Location(file, 0, "$"),
                $"`{name}` cannot name an experiment: {fault}",
                $"rename the file, for example to {ArtifactName.Instead(name)}.json");
        }

        return overrides.Count == 0
            ? name
            : $"{name}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', overrides))))[..6]}";
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,120}\z")]
    private static partial Regex FileName();
}

/// <summary>Reads `path.to.option=value` from the command line. The value is JSON, or else a bare text.</summary>
internal sealed class OverrideReader(Diagnostics mistakes)
{
    public Overrides Read(IReadOnlyList<string> written)
    {
        var known = OptionTypes.Lab();
        var onBase = new List<Override>();
        var onDocument = new LocatedObject(Location.CommandLine(""));
        var seen = new HashSet<string>();
        foreach (string text in written)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string path = equals < 0 ? text : text[..equals];
            var at = Location.CommandLine(path);
            var steps = path.Split('.');
            if (equals < 0 || steps.Contains(""))
            {
                mistakes.Add(at, "this is no override", "write path.to.option=value, e.g. meanflow.lambda=0.5");
            }
            else if (!seen.Add(path))
            {
                mistakes.Add(at, $"`{path}` is given twice", "give one value");
            }
            else if (known.Find(steps[0]) is not null)
            {
                onBase.Add(new Override(path, MergePatch.At(steps, ReadValue(path, text[(equals + 1)..]))));
            }
            else if (steps[0] == "evaluation" || path == "seeds")
            {
                onDocument = (LocatedObject)MergePatch.Apply(onDocument, MergePatch.At(steps, ReadValue(path, text[(equals + 1)..])));
            }
            else
            {
                mistakes.Add(at, $"there is no option `{path}`", Suggest(path, steps, known));
            }
        }

        return new Overrides(onBase, onDocument);
    }

    private static string Suggest(string path, string[] steps, OptionType known)
    {
        if (steps is ["base", _, ..])
        {
            return $"leave `base.` out: {path["base.".Length..]}=…";
        }

        List<string> paths =
        [
            .. OptionTypes.Paths(known),
            .. OptionTypes.Paths(OptionTypes.Evaluation(), "evaluation."),
            "seeds",
        ];
        return AxisReader.SuggestPath(path, paths);
    }

    private static LocatedNode ReadValue(string path, string value)
    {
        var parser = new LocatedParser(null, -1, new Diagnostics());
        var node = parser.Parse(Encoding.UTF8.GetBytes(value), path);
        return parser.Whole && node is not (null or LocatedScalar { Bare: not null })
            ? node
            : new LocatedScalar(
                Location.CommandLine(path), JsonValueKind.String, JsonSerializer.Serialize(value, LabJson.Default.String), value);
    }
}

/// <summary>An option set on the command line: the last word on its path.</summary>
/// <param name="Path">The path below `base`.</param>
internal sealed record Override(string Path, LocatedObject Patch);

/// <param name="Base">Those that set options of arms.</param>
/// <param name="Document">The others, as one patch on the file: `evaluation` and `seeds`.</param>
internal sealed record Overrides(IReadOnlyList<Override> Base, LocatedObject Document);
