using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads an experiment file strictly: all mistakes in it and in the files it extends are reported before anything runs.</summary>
public static partial class ExperimentReader
{
    /// <summary>Reads, merges and checks an experiment file.</summary>
    /// <param name="path">The file, relative to the working directory.</param>
    /// <param name="overrides">`path.to.option=value` from the command line; they override the file in every arm.</param>
    /// <param name="workingDirectory">The folder that relative paths, also those in options, start from.</param>
    /// <param name="needFiles">Whether the weights and data that options name must exist.</param>
    /// <param name="only">The arms that will run; null: all. Overrides may make the other arms equal.</param>
    /// <exception cref="LabException">A file exists but cannot be read.</exception>
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
            mistakes.Add(word.Location, $"{word.Bare} is not valid JSON", "write a number in digits, or a string in double quotes");
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
                new Location(file, 0, "$"), $"`{name}` is not a valid experiment name", "rename the file: 1 to 120 letters, digits and . _ -");
        }
        else if (ArtifactName.ExperimentFault(name) is { } fault)
        {
            mistakes.Add(
                new Location(file, 0, "$"),
                $"`{name}` is not a valid experiment name: {fault}",
                $"rename the file, for example to {ArtifactName.Instead(name)}.json");
        }

        return overrides.Count == 0
            ? name
            : $"{name}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', overrides))))[..6]}";
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,120}\z")]
    private static partial Regex FileName();
}

/// <summary>Reads `path.to.option=value` from the command line. A value that is not JSON is a string.</summary>
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
                mistakes.Add(at, "this is not an override", "write path.to.option=value, e.g. meanflow.lambda=0.5");
            }
            else if (!seen.Add(path))
            {
                mistakes.Add(at, $"`{path}` is set twice", "set it once");
            }
            else if (known.Find(steps[0]) is not null)
            {
                onBase.Add(new Override(path, MergePatch.At(steps, ReadValue(path, text[(equals + 1)..]))));
            }
            else if (steps[0] == "evaluation" || path is "seeds" or "pilotSeeds")
            {
                onDocument = (LocatedObject)MergePatch.Apply(onDocument, MergePatch.At(steps, ReadValue(path, text[(equals + 1)..])));
            }
            else
            {
                mistakes.Add(at, $"unknown option `{path}`", Suggest(path, steps, known));
            }
        }

        return new Overrides(onBase, onDocument);
    }

    private static string Suggest(string path, string[] steps, OptionType known)
    {
        if (steps is ["base", _, ..])
        {
            return $"omit `base.`: {path["base.".Length..]}=…";
        }

        List<string> paths =
        [
            .. OptionTypes.Paths(known),
            .. OptionTypes.Paths(OptionTypes.Evaluation(), "evaluation."),
            "seeds",
            "pilotSeeds",
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

/// <summary>An option set on the command line, which overrides the file.</summary>
/// <param name="Path">The path below `base`.</param>
internal sealed record Override(string Path, LocatedObject Patch);

/// <summary>All overrides of a command line.</summary>
/// <param name="Base">Overrides of options below `base`.</param>
/// <param name="Document">Overrides of `evaluation`, `seeds` and `pilotSeeds`, as one patch of the file.</param>
internal sealed record Overrides(IReadOnlyList<Override> Base, LocatedObject Document);
