using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>
/// Inside Learning: Profiling → Stages → {Oracle, Evaluation} → {Training, Sampling, Metrics} → Objectives → {Derivatives, Paths, Networks} → {Data, Formats, Numerics}.
/// Namespaces on one level may use each other as long as they form no circle.
/// </summary>
public sealed partial class LearningLayerTests
{
    private static readonly string[][] Layers =
    [
        ["Data", "Formats", "Numerics"],
        ["Derivatives", "Paths", "Networks"],
        ["Objectives"],
        ["Training", "Sampling", "Metrics"],
        ["Oracle", "Evaluation"],
        ["Stages"],
        ["Profiling"],
    ];

    [Fact]
    public void Every_folder_has_a_layer() =>
        Folders().Should().BeSubsetOf(Layers.SelectMany(layer => layer));

    [Fact]
    public void No_source_looks_up() =>
        Uses().Where(use => LayerOf(use.To) > LayerOf(use.From))
            .Select(use => $"{use.File} uses {use.To}")
            .Should().BeEmpty();

    [Fact]
    public void Folders_of_a_layer_form_no_circle()
    {
        var edges = Uses().Where(use => LayerOf(use.To) == LayerOf(use.From)).Select(use => (use.From, use.To)).Distinct().ToList();

        var circles = edges.Where(edge => Reaches(edges, edge.To, edge.From)).Select(edge => $"{edge.From} ↔ {edge.To}");

        circles.Should().BeEmpty();
    }

    private static bool Reaches(List<(string From, string To)> edges, string start, string goal) =>
        start == goal
            || edges.Where(edge => edge.From == start).Any(edge => Reaches(edges.Where(other => other != edge).ToList(), edge.To, goal));

    private static int LayerOf(string folder) => Array.FindIndex(Layers, layer => layer.Contains(folder));

    private static IEnumerable<string> Folders() => Repository.Sources("src/MfRae.Lab.Learning").Select(FolderOf).Distinct();

    private static IEnumerable<(string File, string From, string To)> Uses() =>
        from file in Repository.Sources("src/MfRae.Lab.Learning")
        from Match use in LearningNamespace().Matches(Repository.Text(file))
        let to = use.Groups[1].Value
        where to != FolderOf(file) && LayerOf(to) >= 0
        select (file, FolderOf(file), to);

    // src/MfRae.Lab.Learning/Networks/…/X.cs → Networks
    private static string FolderOf(string file) => file.Split('/')[2];

    [GeneratedRegex(@"\bMfRae\.Lab\.Learning\.(\w+)")]
    private static partial Regex LearningNamespace();
}
