namespace MfRae.Lab.Cli.Output;

/// <summary>Rows of several arms: equal ones stand once, and where arms differ each row says whose it is.</summary>
public sealed class ArmTable(params string[] headers)
{
    private const int MostArmsNamed = 3;

    private readonly List<(string[] Cells, List<string> Arms)> rows = [];

    public bool IsEmpty => rows.Count == 0;

    public void Add(string arm, IEnumerable<string[]> cells)
    {
        // A row that no arm before had comes after the one that precedes it in its own arm.
        var next = 0;
        foreach (var row in cells)
        {
            var index = rows.FindIndex(known => known.Cells.SequenceEqual(row));
            if (index < 0)
            {
                index = next;
                rows.Insert(index, (row, []));
            }

            if (!rows[index].Arms.Contains(arm))
                rows[index].Arms.Add(arm);
            next = index + 1;
        }
    }

    /// <param name="arms">How many there are.</param>
    public string Write(int arms)
    {
        if (rows.All(row => row.Arms.Count == arms))
            return new TextTable(headers).Add(rows.Select(row => row.Cells)).ToString();
        return new TextTable([.. headers, "arms"])
            .Add(rows.Select(row => (string[])[.. row.Cells, row.Arms.Count == arms ? "all" : Join(row.Arms)]))
            .ToString();
    }

    private static string Join(List<string> arms) => arms.Count <= MostArmsNamed
        ? string.Join(", ", arms)
        : $"{string.Join(", ", arms.Take(MostArmsNamed - 1))} and {arms.Count - MostArmsNamed + 1} more";
}
