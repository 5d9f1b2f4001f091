using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>The diagram of the house in docs/architecture.md agrees with the project files.</summary>
public sealed partial class DiagramTests
{
    // The executable's project is at the root; the diagram names it after its folder.
    private const string Executable = "Cli";

    [Fact]
    public void The_diagram_of_the_house_shows_exactly_the_project_references()
    {
        var references = Repository.Projects()
            .Where(project => project == "MfRae.Lab.csproj" || project.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(project => Repository.Xml(project).Descendants("ProjectReference")
                .Select(reference => $"{ShortName(project)} --> {ShortName(reference.Attribute("Include")!.Value.Replace('\\', '/'))}"));

        var arrows = Arrow().Matches(House()).Select(match => match.Value.Trim());

        arrows.Should().BeEquivalentTo(references, "docs/architecture.md draws every reference between the projects");
    }

    // The first diagram of the document is the house.
    private static string House() => Diagram().Match(Repository.Text("docs/architecture.md")).Groups[1].Value;

    // src/MfRae.Lab.Core/MfRae.Lab.Core.csproj → Core
    private static string ShortName(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        return name == "MfRae.Lab" ? Executable : name["MfRae.Lab.".Length..];
    }

    [GeneratedRegex(@"```mermaid\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Diagram();

    [GeneratedRegex(@"^\s*\w+ --> \w+\s*$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
