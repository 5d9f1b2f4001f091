using System.Globalization;
using System.Text.Json;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Reads `seeds`: a list of whole numbers, or text such as "0-5" or "0,2,7-9".</summary>
internal sealed class SeedReader(Mistakes mistakes)
{
    private const int Most = 1000;
    private const string Right = "write a list such as [0, 1], or a range such as \"0-5\"";

    public IReadOnlyList<long> Read(LocatedNode? node) => node switch
    {
        null => [0],
        LocatedArray { Items.Count: > 0 } list => Distinct([.. list.Items.SelectMany(ReadItem)]),
        LocatedScalar { Text: { } text } => Distinct(ReadText(node.Location, text)),
        // A single number arrives from the command line, as in `seeds=3`.
        LocatedScalar { Kind: JsonValueKind.Number } => ReadItem(node).ToList().ConvertAll(seed => seed.Seed),
        LocatedArray => Complain(node.Location, "`seeds` is empty"),
        _ => Complain(node.Location, $"expected seeds, found {node.Describe()}"),
    };

    private IEnumerable<(Location At, long Seed)> ReadItem(LocatedNode item)
    {
        if (item is LocatedScalar { Kind: JsonValueKind.Number, Json: var json }
            && int.TryParse(json, NumberStyles.None, CultureInfo.InvariantCulture, out int seed))
        {
            return [(item.Location, seed)];
        }

        mistakes.Add(item.Location, $"expected a seed, found {item.Describe()}", $"write a whole number from 0 to {int.MaxValue}");
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
                Complain(at, $"\"{part}\" is no seed and no ascending range of at most {Most} seeds");
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
                again.At, $"the seed {again.Seed} is in the list twice", "remove one of the two: the same seed gives the same numbers");
        }

        return seeds.ConvertAll(item => item.Seed);
    }

    private List<long> Complain(Location at, string message)
    {
        mistakes.Add(at, message, Right);
        return [];
    }
}
