using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>A graph of boxes, in columns by the longest path to each box. Arrows that other arrows imply are omitted.</summary>
internal sealed record Graph(string Title, IReadOnlyList<GraphNode> Nodes)
{
    private const double BoxWidth = 104;
    private const double BoxHeight = 40;
    private const double ColumnPitch = 134;
    private const double RowPitch = 56;

    public Html Draw()
    {
        if (Nodes.Count == 0)
        {
            return Html.Empty;
        }

        var column = Columns();
        var rows = Nodes.GroupBy(node => column[node.Name]).ToDictionary(group => group.Key, group => group.ToList());
        var tallest = rows.Values.Max(nodes => nodes.Count);
        var (width, height) = (
            (column.Values.Max() + 1) * ColumnPitch - ColumnPitch + BoxWidth + 4, tallest * RowPitch - RowPitch + BoxHeight + 4);
        var place = Nodes.ToDictionary(node => node.Name, node =>
        {
            var sameColumn = rows[column[node.Name]];
            return (X: 2 + column[node.Name] * ColumnPitch, Y: 2 + (sameColumn.IndexOf(node) + (tallest - sameColumn.Count) / 2d) * RowPitch);
        });
        var arrows = Nodes.SelectMany(node => Direct(node).Select(input => Arrow(place[input], place[node.Name])));
        return Html.Of(
            $"""
            <figure class="graph"><svg viewBox="0 0 {Svg.At(width)} {Svg.At(height)}" width="{Svg.At(width)}" height="{Svg.At(height)}" role="img"><title>{Title}</title><desc>{string.Join("; ", Nodes.Select(Describe))}</desc>{arrows}{Nodes.Select(node => Box(node, place[node.Name]))}</svg></figure>
            """);
    }

    /// <summary>
    /// The column of each node, to the right of its inputs. The number of rounds is limited, so that cycles end too.
    /// </summary>
    private Dictionary<string, int> Columns()
    {
        var column = Nodes.ToDictionary(node => node.Name, _ => 0);
        for (var round = 0; round < Nodes.Count; round++)
        {
            foreach (var node in Nodes)
            {
                column[node.Name] = node.Inputs.Where(column.ContainsKey).Select(input => column[input] + 1).DefaultIfEmpty(0).Max();
            }
        }

        return column;
    }

    /// <summary>The inputs of a node that are not inputs of its other inputs.</summary>
    private IEnumerable<string> Direct(GraphNode node)
    {
        var known = Nodes.ToDictionary(one => one.Name);
        bool Reaches(string from, string to, int depth) => depth > 0 && known.TryGetValue(from, out var start)
            && start.Inputs.Any(input => input == to || Reaches(input, to, depth - 1));
        return node.Inputs.Where(
            input => known.ContainsKey(input) && !node.Inputs.Any(other => other != input && Reaches(other, input, Nodes.Count)));
    }

    private static Html Arrow((double X, double Y) from, (double X, double Y) to)
    {
        var (x, y, end, level) = (from.X + BoxWidth, from.Y + BoxHeight / 2, to.X, to.Y + BoxHeight / 2);
        var bend = Math.Max(14, (end - x) / 2);
        return Html.Of($"<path class=\"edge\" d=\"M{Svg.At(x)} {Svg.At(y)}C{Svg.At(x + bend)} {Svg.At(y)} {Svg.At(end - bend)} "
            + $"{Svg.At(level)} {Svg.At(end)} {Svg.At(level)}\"/>");
    }

    private static Html Box(GraphNode node, (double X, double Y) at) => Html.Of(
        $"<g class=\"box{(node.Troubled ? " troubled" : "")}\"><rect x=\"{Svg.At(at.X)}\" y=\"{Svg.At(at.Y)}\" "
            + $"width=\"{Svg.At(BoxWidth)}\" height=\"{Svg.At(BoxHeight)}\" rx=\"7\"/><text x=\"{Svg.At(at.X + BoxWidth / 2)}\" "
            + $"y=\"{Svg.At(at.Y + 17)}\">{Svg.Fit(node.Name, BoxWidth)}</text><text class=\"note\" data-timing "
            + $"x=\"{Svg.At(at.X + BoxWidth / 2)}\" y=\"{Svg.At(at.Y + 31)}\">{Svg.Fit(node.Note, BoxWidth + 6)}</text></g>");

    private static string Describe(GraphNode node) =>
        node.Inputs.Count == 0 ? node.Name : $"{node.Name} from {string.Join(", ", node.Inputs)}";
}

/// <summary>A box of a graph.</summary>
/// <param name="Inputs">Names of the nodes it reads from.</param>
internal sealed record GraphNode(string Name, string Note, bool Troubled, IReadOnlyCollection<string> Inputs);
