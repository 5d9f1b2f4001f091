using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments.Reading;

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
        var mistakes = new Mistakes();
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

    private static string NameOf(string fullPath, string file, IReadOnlyList<string> overrides, Mistakes mistakes)
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
