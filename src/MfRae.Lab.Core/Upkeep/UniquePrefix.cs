using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Upkeep;

/// <summary>Finds what a user means by the first digits of a key or an id.</summary>
public static class UniquePrefix
{
    private const int ShownCandidates = 5;
    private const int ShownDigits = 12;

    /// <param name="what">What the names are names of, in a word.</param>
    /// <exception cref="LabException">No name starts so, or several do; the message lists some of them.</exception>
    public static string Find(string prefix, IEnumerable<string> names, string what)
    {
        var found = names.Distinct().Where(name => prefix.Length > 0 && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).ToList();
        return found switch
        {
            [var one] => one,
            [] => throw new LabException($"no {what} starts with \"{PrintableText.Of(prefix)}\""),
            _ => throw new LabException(
                $"\"{prefix}\" begins the keys of {found.Count}: {string.Join(", ", found.Take(ShownCandidates).Select(Short))}"
                    + $"{(found.Count > ShownCandidates ? ", …" : "")}; give more digits"),
        };

        string Short(string name) => name[..Math.Min(name.Length, Math.Max(ShownDigits, prefix.Length + 1))];
    }
}
