using System.Text;
using System.Text.Json;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Reads `path.to.option=value` from the command line. The value is JSON, or else a bare text.</summary>
internal sealed class OverrideReader(Mistakes mistakes)
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
        var parser = new LocatedParser(null, -1, new Mistakes());
        var node = parser.Parse(Encoding.UTF8.GetBytes(value), path);
        return parser.Whole && node is not (null or LocatedScalar { Bare: not null })
            ? node
            : new LocatedScalar(
                Location.CommandLine(path), JsonValueKind.String, JsonSerializer.Serialize(value, LabJson.Default.String), value);
    }
}
