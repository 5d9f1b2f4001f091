namespace Architecture.Tests;

/// <summary>
/// Inside Learning: Profiling → Stages → {Oracle, Evaluation} → {Training, Sampling, Metrics} → Objectives → {Derivatives, Paths, Networks} → {Data, Formats, Numerics, Ranks}.
/// Namespaces of one layer may use each other as long as they form no cycle.
/// </summary>
public sealed class LearningLayerTests
{
    private const string Learning = "MfRae.Lab.Learning";

    private static readonly string[][] Layers =
    [
        ["Data", "Formats", "Numerics", "Ranks"],
        ["Derivatives", "Paths", "Networks"],
        ["Objectives"],
        ["Training", "Sampling", "Metrics"],
        ["Oracle", "Evaluation"],
        ["Stages"],
        ["Profiling"],
    ];

    [Fact]
    public void Every_folder_has_a_layer() => Repository.Sources("src/" + Learning).Select(file => file.Split('/')[2]).Distinct()
        .Should().BeEquivalentTo(Layers.SelectMany(layer => layer));

    [Fact]
    public void No_type_uses_a_higher_layer() => Uses().Where(use => LayerOf(use.To) > LayerOf(use.From))
        .Select(use => use.Text)
        .Should().BeEmpty();

    [Fact]
    public void Folders_of_a_layer_form_no_cycle()
    {
        var edges = Uses().Where(use => LayerOf(use.To) == LayerOf(use.From)).Select(use => (use.From, use.To)).Distinct().ToList();

        edges.Should().NotBeEmpty("the search sees uses inside a layer");
        edges.Where(edge => Reaches(edges, edge.To, edge.From)).Select(edge => $"{edge.From} ↔ {edge.To}").Should().BeEmpty();
    }

    [Fact]
    public void A_use_through_var_is_seen() => Code.Uses().Should().Contain(
        use => use.User.StartsWith("MfRae.Lab.Core.Planning.", StringComparison.Ordinal) && use.Used == "MfRae.Lab.Core.Planning.PlanGraph",
        "Planner.Build keeps its graph in a local variable");

    private static bool Reaches(List<(string From, string To)> edges, string start, string goal) =>
        start == goal
            || edges.Where(edge => edge.From == start).Any(edge => Reaches([.. edges.Where(other => other != edge)], edge.To, goal));

    private static int LayerOf(string folder) => Array.FindIndex(Layers, layer => layer.Contains(folder));

    private static IEnumerable<(string From, string To, string Text)> Uses() => Code.Uses()
        .Select(use => (From: Code.FolderIn(Learning, use.User), To: Code.FolderIn(Learning, use.Used), Text: $"{use.User} uses {use.Used}"))
        .Where(use => use.From.Length > 0 && use.To.Length > 0 && use.From != use.To);
}
