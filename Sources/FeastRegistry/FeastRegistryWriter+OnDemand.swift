import FeastProtos
import FeatureModel
import Foundation

extension FeastRegistryWriter {
    /// An on-demand view as the SDK can list it.
    ///
    /// The server computes its features. The SDK wants Python code, so it gets a reference to a
    /// function that computes nothing; a client that asks a server never calls it.
    mutating func message(_ view: OnDemandFeatureView) -> FeastProtoOnDemandFeatureView {
        var spec = FeastProtoOnDemandFeatureViewSpec()
        spec.name = view.name
        spec.project = self.project
        spec.description_p = view.description
        spec.owner = view.owner
        spec.tags = self.tags(view.tags, of: .onDemandFeatureView, view.name)
        spec.tags[FStoreTag.sources] = FStoreTag.text(view.sources)
        for name in view.sources {
            spec.sources[name] = self.source(name)
        }
        var lines: [String] = []
        for feature in view.features {
            var field = Field(name: feature.name, type: feature.type)
            field.description = feature.description
            field.tags = feature.tags
            var column = self.message(field, of: .onDemandFeatureView, view.name)
            switch feature.transformation {
            case .expression(let text):
                column.tags[FStoreTag.expression] = text
                lines.append("\(feature.name) = \(text)")
            case .function(let name):
                column.tags[FStoreTag.function] = name
                lines.append("\(feature.name) = function \(name)")
            }
            spec.features.append(column)
        }
        spec.mode = "pandas"
        var code = FeastProtoUserDefinedFunctionV2()
        code.name = view.name
        code.mode = spec.mode
        code.bodyText = lines.joined(separator: "\n")
        code.body = Self.noCode
        spec.featureTransformation.userDefinedFunction = code
        self.notes.append(
            FeastNote(
                "on-demand feature view \"\(view.name)\"",
                "the server computes it; the SDK lists it, but has no code to compute it by itself"
            )
        )
        var message = FeastProtoOnDemandFeatureView()
        message.spec = spec
        message.meta.createdTimestamp = self.meta.createdTimestamp
        message.meta.lastUpdatedTimestamp = self.meta.lastUpdatedTimestamp
        return message
    }

    /// Python's pickle of the built-in class `NotImplementedError`, by name.
    private static let noCode = Data("cbuiltins\nNotImplementedError\n.".utf8)

    private mutating func source(_ name: String) -> FeastProtoOnDemandSource {
        var source = FeastProtoOnDemandSource()
        if self.repository.featureView(name) != nil {
            source.featureViewProjection = self.message(FeatureService.Projection(view: name))
        } else if let request = self.repository.dataSource(name) {
            source.requestDataSource = self.message(request)
        }
        return source
    }
}
